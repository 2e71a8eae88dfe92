"""Tencent's own kit, as far as we use it; loaded when the vendor is first asked for anything."""

import logging
from typing import Final
from urllib.parse import urlsplit

from tencentcloud.common.common_client_async import CommonClient
from tencentcloud.common.credential import Credential
from tencentcloud.common.exception import TencentCloudSDKException
from tencentcloud.common.profile.client_profile import ClientProfile
from tencentcloud.common.profile.http_profile import HttpProfile
from tencentcloud.faceid.v20180301 import models as face_words
from tencentcloud.faceid.v20180301.faceid_client_async import FaceidClient
from tencentcloud.sms.v20210111 import models as sms_words
from tencentcloud.sms.v20210111.sms_client_async import SmsClient

__all__ = ["Kit"]


class Kit:
    """The kit's clients, the words in which each is asked, and its one error.

    Text recognition goes by the general client: its own brings forty thousand lines for the one
    request that we make.
    """

    error: Final = TencentCloudSDKException
    face_words: Final = face_words
    sms_words: Final = sms_words

    def __init__(
        self, secret_id: str, secret_key: str, region: str, *, seconds: float, base: str
    ) -> None:
        # At its lowest level the kit would log whole requests.
        logging.getLogger("tencentcloud_sdk_common").disabled = True
        credential = Credential(secret_id, secret_key)
        profile = _profile(seconds, base)
        self.sms = SmsClient(credential, region, profile)
        self.faceid = FaceidClient(credential, "", profile)
        self.ocr = CommonClient("ocr", "2018-11-19", credential, region, profile)

    async def aclose(self) -> None:
        """Close the connections."""
        for client in (self.sms, self.faceid, self.ocr):
            await client.close()


def _profile(seconds: float, base: str) -> ClientProfile:
    parts = urlsplit(base)
    return ClientProfile(
        httpProfile=HttpProfile(
            protocol=parts.scheme or "https",
            endpoint=parts.netloc or None,
            reqTimeout=seconds,
            keepAlive=True,
        )
    )
