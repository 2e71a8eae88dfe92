"""Settings with which production starts: everything an operator must set, all of it invented."""

import base64

__all__ = ["PRODUCTION"]

_KEY = base64.b64encode(bytes(range(32))).decode()

PRODUCTION = {
    "ANJU_MODE": "production",
    "ANJU_SERVER__PUBLIC_URL": "https://anju.test",
    "ANJU_WECHAT__TOKEN": "aB3" * 10,
    "ANJU_WECHAT__ENCODING_AES_KEY": _KEY[:43],
    "ANJU_WECHAT__APP_ID": "wx1234567890abcdef",
    "ANJU_WECHAT__APP_SECRET": "s" * 32,
    "ANJU_SECURITY__DATA_KEY": _KEY,
    "ANJU_TENCENT__SECRET_ID": "AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE",
    "ANJU_TENCENT__SECRET_KEY": "Gu5t9xGARNpq86cd98joQYCN3EXAMPLE",
    "ANJU_TENCENT__SMS_APP_ID": "1400006666",
    "ANJU_TENCENT__SMS_SIGN": "安居",
    "ANJU_TENCENT__SMS_CODE_TEMPLATE": "1001",
    "ANJU_TENCENT__SMS_PHONE_CHANGED_TEMPLATE": "1002",
    "ANJU_TENCENT__SMS_RECOVERED_TEMPLATE": "1003",
    "ANJU_TENCENT__SMS_RESTED_TEMPLATE": "1004",
    "ANJU_TENCENT__FACE_RULE_ID": "1",
    "ANJU_FILINGS__REGISTER_URL": "https://register.test/families/find",
    "ANJU_FILINGS__REGISTER_KEY_ID": "anju-1",
    "ANJU_FILINGS__REGISTER_SECRET": "r" * 32,
}
