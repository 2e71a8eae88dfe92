"""Which frequent question a citizen means: words, sounds, synonyms, near misses.

Made once for what is published, and asked without waiting for anything.
"""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from math import log
from threading import Lock
from typing import Final

from rapidfuzz import fuzz, process

from domain.content.model import Faq
from domain.content.segments import Segmenter, sounds

__all__ = ["FaqIndex", "Matches", "Synonyms", "index_of", "is_question"]

Synonyms = tuple[tuple[str, str], ...]
"""What citizens say, each with the word that the published texts have for it."""

_NEAR: Final = 80.0
"""How alike two sentences must be, of 100, to ask the same thing."""

_WITHIN: Final = 80.0
"""What known words inside a sentence count at least: the more of it they are, the more."""

_SOUNDS_NEAR: Final = 90.0
"""The same for sentences that only sound alike."""

_SHORTEST: Final = 4
"""Shorter words are too often an answer to the open question; only an exact match counts."""

_LONGEST: Final = 200
"""What is read of a long text, in characters: comparing costs time for each of them."""

_CANDIDATES: Final = 24
_SHOWN_NEXT: Final = 3
_WORTH: Final = 0.35
"""Of the score that the words would have if all were found: below it nothing is worth showing."""

_NEXT_TO: Final = 0.4
"""Of the best score: what is worth showing beside it."""

_FEW: Final = 50
_EIGHTH: Final = 8
"""A term that stands in more questions than a few, and than an eighth of all, tells nothing."""

_SATURATION, _LENGTH = 1.2, 0.5
_SOUND_WEIGHT, _ANSWER_WEIGHT = 0.5, 0.25
"""Of a pair of sounds, and of a word of the answer; a word of the question weighs 1."""

_FILLERS: Final = re.compile(
    "^(请问一下|请问|我想问一下|想问一下|我想问|我想知道|我想了解一下|我想了解|麻烦问一下|你好|您好)+"
    "|([啊呀呢吗嘛吧哦]|谢谢您|谢谢你|谢谢)+$"
)
_NOT_WORDS: Final = re.compile(r"[\W_]+")
_HAN: Final = re.compile(r"[\u4e00-\u9fff]")
_ASKING: Final = re.compile(
    "吗|呢|么|怎|什么|如何|哪|多少|多久|几[个号点时天年月]|能不能|可不可以|是不是|要不要|为啥|为何|咋|谁|[?？]$"
)


@dataclass(frozen=True, slots=True)
class Matches:
    """What was found for some words.

    ``clear`` is near enough to be an honest answer; ``near`` are others that may be meant, best
    first, three at most.
    """

    clear: Faq | None = None
    near: tuple[Faq, ...] = ()


def is_question(text: str) -> bool:
    """Tell whether words ask for something, rather than answer a question of ours."""
    return len(_HAN.findall(text)) >= _SHORTEST and bool(_ASKING.search(text.strip()))


_MAKING: Final = Lock()


def index_of(faqs: tuple[Faq, ...], synonyms: Synonyms = ()) -> "FaqIndex":
    """Return the index of some questions; the same as before where nothing has changed.

    May be called from many threads at once: one makes it, the others wait for that.
    """
    with _MAKING:
        return _made(faqs, synonyms)


@lru_cache(maxsize=2)
def _made(faqs: tuple[Faq, ...], synonyms: Synonyms) -> "FaqIndex":
    return FaqIndex(faqs, synonyms)


class FaqIndex:
    """Published questions, ready to be found.

    Punctuation, width of characters and polite openings do not count, nor does which of two
    synonyms is used.

    Parameters
    ----------
    faqs
        The questions; of equally close ones the first wins.
    synonyms
        Words that citizens use, and what they mean by them.
    """

    def __init__(self, faqs: Sequence[Faq], synonyms: Synonyms = ()) -> None:
        self._faqs = tuple(faqs)
        self._means = _means(synonyms)
        said = [[self._plain(words) for words in (faq.question, *faq.aliases)] for faq in faqs]
        self._wordings = [list(dict.fromkeys(filter(None, one))) for one in said]
        self._exact = {
            words: number
            for number in reversed(range(len(said)))
            for words in reversed(self._wordings[number])
        }
        self._sounds = [[sounds(words) for words in one] for one in self._wordings]
        self._segmenter = Segmenter(words for one in self._wordings for words in one)
        self._weigh()

    def find(self, text: str) -> Matches:
        """Return what some words mean; never raises, whatever they are.

        The same words win, then known words inside them, then the most alike sentence, by letters
        or by sound.
        """
        asked = self._plain(text[:_LONGEST])
        terms = self._terms(asked)
        scores = self._scores(terms)
        best = nlargest(_CANDIDATES, ((score, -number) for number, score in scores.items()))
        clear = self._clear(asked, sorted(-number for _, number in best))
        worth = max(_WORTH * self._at_most(terms), _NEXT_TO * best[0][0] if best else 0.0)
        near = [-number for score, number in best if -number != clear and score >= worth]
        return Matches(
            None if clear is None else self._faqs[clear],
            tuple(self._faqs[one] for one in near[:_SHOWN_NEXT]),
        )

    def in_our_words(self, text: str) -> str:
        """Return words with each synonym replaced by what it means; ``""`` where there is none."""
        pattern, _ = self._means
        said = text[:_LONGEST]
        found = pattern and pattern.search(_bare(said))
        return self._plain(said) if found else ""

    # Making it

    def _weigh(self) -> None:
        """Count in which questions each term stands, and how rare it is."""
        counted = [self._terms_of(number) for number in range(len(self._faqs))]
        lengths = [sum(terms.values()) for terms in counted]
        mean = sum(lengths) / len(lengths) if lengths else 1.0
        held: dict[str, list[tuple[int, float]]] = defaultdict(list)
        for number, terms in enumerate(counted):
            room = _SATURATION * (1 - _LENGTH + _LENGTH * lengths[number] / (mean or 1))
            for term, count in terms.items():
                held[term].append((number, count * (_SATURATION + 1) / (count + room)))
        total = len(counted)
        common = max(_FEW, total // _EIGHTH)
        self._rarity = {
            term: _share(term) * log(1 + (total - len(where) + 0.5) / (len(where) + 0.5))
            if len(where) <= common
            else 0.0
            for term, where in held.items()
        }
        self._held = {
            term: [(number, weight * self._rarity[term]) for number, weight in where]
            for term, where in held.items()
            if len(where) <= common
        }

    def _terms_of(self, number: int) -> Mapping[str, float]:
        terms: Counter[str] = Counter()
        for words in self._wordings[number]:
            terms.update(self._terms(words))
        weights: dict[str, float] = {term: float(count) for term, count in terms.items()}
        for word in self._segmenter.words(self._plain(self._faqs[number].answer)):
            weights.setdefault(word, _ANSWER_WEIGHT)
        return weights

    # Asking it

    def _scores(self, terms: Iterable[str]) -> Mapping[int, float]:
        """Return how well each question that shares a term fits (BM25)."""
        scores: dict[int, float] = defaultdict(float)
        for term in terms:
            for number, weight in self._held.get(term, ()):
                scores[number] += weight
        return scores

    def _at_most(self, terms: Iterable[str]) -> float:
        """Return the score of a question in which every term stands once."""
        unknown = log(1 + len(self._faqs))
        return sum(self._rarity.get(term, unknown * _share(term)) for term in terms)

    def _clear(self, asked: str, in_order: Sequence[int]) -> int | None:
        exact = self._exact.get(asked)
        if exact is not None or len(asked) < _SHORTEST or not _HAN.search(asked):
            return exact
        known = [(words, number) for number in in_order for words in self._wordings[number]]
        within = [
            (len(words), -number)
            for words, number in known
            if len(words) >= _SHORTEST - 1 and words in asked
        ]
        alike = process.extractOne(
            asked, [words for words, _ in known], scorer=fuzz.ratio, score_cutoff=_NEAR
        )
        longest, first = max(within, default=(0, 0))
        inside = _WITHIN + (100 - _WITHIN) * longest / len(asked) if within else 0.0
        if within and (alike is None or alike[1] < inside):
            return -first
        return known[alike[2]][1] if alike else self._heard(asked, in_order)

    def _heard(self, asked: str, in_order: Sequence[int]) -> int | None:
        """Return the question that sounds like the words, as those typed by sound do."""
        known = [(heard, number) for number in in_order for heard in self._sounds[number]]
        alike = process.extractOne(
            sounds(asked),
            [heard for heard, _ in known],
            scorer=fuzz.ratio,
            score_cutoff=_SOUNDS_NEAR,
        )
        return known[alike[2]][1] if alike else None

    def _terms(self, words: str) -> set[str]:
        heard = sounds(words)
        pairs = {heard[at : at + 2] for at in range(len(heard) - 1)}
        return {*self._segmenter.words(words), *filter(_is_sound, pairs)}

    def _plain(self, text: str) -> str:
        """Return the words alone: half width, lower case, no punctuation, no politeness."""
        words = _bare(text)
        words = _FILLERS.sub("", words) or words
        pattern, meant = self._means
        return pattern.sub(lambda found: meant[found[0]], words) if pattern else words


def _bare(text: str) -> str:
    return _NOT_WORDS.sub("", unicodedata.normalize("NFKC", text).lower())


def _share(term: str) -> float:
    return _SOUND_WEIGHT if _is_sound(term) else 1.0


def _is_sound(term: str) -> bool:
    return "\ue000" <= term[0] <= "\uf8ff"


def _means(synonyms: Synonyms) -> tuple[re.Pattern[str] | None, Mapping[str, str]]:
    """Return a pattern of what citizens say, longest first, and what each of it means."""
    meant = {
        unicodedata.normalize("NFKC", said).lower(): unicodedata.normalize("NFKC", means).lower()
        for said, means in synonyms
        if said
    }
    longest_first = sorted(meant, key=len, reverse=True)
    return (re.compile("|".join(map(re.escape, longest_first))) if meant else None), meant
