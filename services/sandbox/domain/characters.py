"""Who the played models are: their skill, calibration and temper, and what their provider says about them."""

from dataclasses import dataclass
from typing import Literal

Voice = Literal["booth", "scholar", "street", "quant", "underdog", "maestro", "chess", "echo"]


@dataclass(frozen=True, slots=True)
class Character:
    """All of it is invented and says nothing about the real model of that name.

    A model's private signal is x ~ N(skill·(2y−1), 1), where y is what the market will pay. It moves the logit of the
    crowd's price by 2·skill·x, adds noise of its own, and states the result stretched and shifted.
    """

    model: str
    name: str
    vendor: str
    voice: Voice
    skill: float
    stretch: float  # of the logit: above 1 overconfident, below 1 timid
    noise: float  # of the logit, a standard deviation
    lean: float  # of the logit, towards yes
    herd: float  # the share of its signal's noise that is common to all models
    value: bool  # bets where its probability beats the price; otherwise on the side that it thinks the likelier one
    edge_min: float  # below it, it abstains: away from the price, or from one half
    confidence: tuple[float, float]  # what it states at the smallest and at a large edge
    caps_price: bool  # names the highest price it would pay
    words: int  # about so many before the decision
    thinks: bool  # shows its reasoning apart from its answer
    pace: float  # tokens a second, of the usual rate
    prompt_price: float  # dollars per token
    completion_price: float
    context: int
    output_max: int
    tokenizer: str
    created: int  # Unix seconds


CHARACTERS = (
    Character(
        "openai/gpt-4o", "GPT-4o", "OpenAI", "booth",
        skill=0.4, stretch=1.3, noise=0.1, lean=0.0, herd=0.3,
        value=True, edge_min=0.02, confidence=(0.45, 0.95), caps_price=False, words=130, thinks=False, pace=1.1,
        prompt_price=0.0000025, completion_price=0.00001, context=128_000, output_max=16_384,
        tokenizer="GPT", created=1_715_558_400,
    ),
    Character(
        "anthropic/claude-3.5-sonnet", "Claude 3.5", "Amazon Bedrock", "scholar",
        skill=0.6, stretch=1.0, noise=0.0, lean=0.0, herd=0.2,
        value=True, edge_min=0.05, confidence=(0.30, 0.75), caps_price=True, words=160, thinks=True, pace=1.0,
        prompt_price=0.000006, completion_price=0.00003, context=200_000, output_max=8_192,
        tokenizer="Claude", created=1_729_555_200,
    ),
    Character(
        "x-ai/grok-2", "Grok-2", "xAI", "street",
        skill=0.0, stretch=1.3, noise=0.9, lean=0.2, herd=0.0,
        value=True, edge_min=0.0, confidence=(0.70, 0.98), caps_price=False, words=95, thinks=False, pace=1.3,
        prompt_price=0.000002, completion_price=0.00001, context=131_072, output_max=8_192,
        tokenizer="Grok", created=1_723_507_200,
    ),
    Character(
        "google/gemini-pro-1.5", "Gemini Pro", "Google", "quant",
        skill=0.25, stretch=0.8, noise=0.0, lean=0.0, herd=0.3,
        value=True, edge_min=0.03, confidence=(0.25, 0.60), caps_price=True, words=140, thinks=False, pace=1.4,
        prompt_price=0.00000125, completion_price=0.000005, context=2_000_000, output_max=8_192,
        tokenizer="Gemini", created=1_712_620_800,
    ),
    Character(
        "meta-llama/llama-3.1-405b-instruct", "Llama 3.1", "Together", "underdog",
        skill=0.0, stretch=1.0, noise=0.5, lean=0.0, herd=0.0,
        value=False, edge_min=0.05, confidence=(0.40, 0.80), caps_price=False, words=120, thinks=False, pace=0.8,
        prompt_price=0.0000008, completion_price=0.0000008, context=131_072, output_max=16_384,
        tokenizer="Llama3", created=1_721_692_800,
    ),
    Character(
        "mistralai/mistral-large", "Mistral Large", "Mistral", "maestro",
        skill=0.2, stretch=1.1, noise=0.3, lean=-0.1, herd=0.3,
        value=False, edge_min=0.08, confidence=(0.35, 0.85), caps_price=True, words=125, thinks=False, pace=1.0,
        prompt_price=0.000002, completion_price=0.000006, context=128_000, output_max=8_192,
        tokenizer="Mistral", created=1_708_905_600,
    ),
    Character(
        "deepseek/deepseek-chat", "DeepSeek V2", "DeepSeek", "chess",
        skill=0.5, stretch=1.0, noise=0.15, lean=0.0, herd=0.4,
        value=True, edge_min=0.04, confidence=(0.35, 0.90), caps_price=False, words=110, thinks=True, pace=0.7,
        prompt_price=0.00000038, completion_price=0.00000089, context=163_840, output_max=16_384,
        tokenizer="DeepSeek", created=1_735_241_320,
    ),
    Character(
        "qwen/qwen-2-72b-instruct", "Qwen Max", "Alibaba", "echo",
        skill=0.0, stretch=1.0, noise=0.15, lean=0.0, herd=0.0,
        value=False, edge_min=0.12, confidence=(0.30, 0.70), caps_price=False, words=100, thinks=False, pace=1.0,
        prompt_price=0.0000009, completion_price=0.0000009, context=32_768, output_max=4_096,
        tokenizer="Qwen", created=1_717_718_400,
    ),
    Character(
        "openai/gpt-4o-mini", "GPT-4o mini", "OpenAI", "booth",
        skill=0.1, stretch=1.0, noise=0.2, lean=0.0, herd=0.3,
        value=True, edge_min=0.03, confidence=(0.40, 0.80), caps_price=False, words=90, thinks=False, pace=1.5,
        prompt_price=0.00000015, completion_price=0.0000006, context=128_000, output_max=16_384,
        tokenizer="GPT", created=1_721_260_800,
    ),
)  # fmt: skip

NUMBERS = {character.model: number for number, character in enumerate(CHARACTERS)}


def character_named(model: str) -> Character | None:
    """Variants such as `:online` are the same model."""
    number = NUMBERS.get(model.split(":")[0])
    return None if number is None else CHARACTERS[number]
