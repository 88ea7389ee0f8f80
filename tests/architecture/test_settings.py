"""Settings and the file that lists them."""

from pathlib import Path

from tests.architecture.conftest import Plant
from tests.architecture.rules.settings import settings_out_of_step

CODE = """
from os import environ, getenv

class ServiceSettings(BaseSettings):
    model_config = SettingsConfigDict(env_prefix="MARKETS_")
    page_size: int = 100

class MoreSettings(ServiceSettings):
    log_level: str = "INFO"

a = environ["COLISEUM_TOKEN"]
b = environ.get("PORT_OFFSET", "0")
c = getenv("REDIS_URL")
d = environ.get(f"{name.upper()}_HOST")
environ["WRITTEN_ONLY"] = "1"
"""


def test_every_setting_is_in_the_example_and_everything_there_is_read(checkout: Path) -> None:
    assert settings_out_of_step(checkout) == []


def test_a_setting_that_the_example_lacks_is_found_whoever_reads_it(plant: Plant) -> None:
    compose = 'image: "postgres:${POSTGRES_TAG:?}"'
    tree = plant({"shared/settings.py": CODE, "docker-compose.yml": compose, ".env.example": "PORT_OFFSET=0\n"})

    assert settings_out_of_step(tree) == [
        "shared/settings.py:11: reads COLISEUM_TOKEN, which is not in .env.example",
        "shared/settings.py:13: reads REDIS_URL, which is not in .env.example",
        "shared/settings.py:14: reads *_HOST, which is not in .env.example",
        "shared/settings.py:6: reads MARKETS_PAGE_SIZE, which is not in .env.example",
        "shared/settings.py:9: reads LOG_LEVEL, which is not in .env.example",
        "docker-compose.yml: reads POSTGRES_TAG, which is not in .env.example",
    ]


def test_a_line_of_the_example_that_nobody_reads_is_found(plant: Plant) -> None:
    tree = plant(
        {"shared/settings.py": "import os\nos.environ['PORT_OFFSET']", ".env.example": "# PORT_OFFSET=0\nOLD_NAME=1\n"}
    )

    assert settings_out_of_step(tree) == [".env.example: nobody reads OLD_NAME"]


def test_a_tree_without_the_example_is_found(plant: Plant) -> None:
    assert settings_out_of_step(plant({"shared/quotes.py": ""})) == [".env.example: is not there"]


def test_classes_of_the_same_name_in_two_services_are_both_read(plant: Plant) -> None:
    code = "class Settings(BaseSettings):\n    {}: int = 1\n"
    tree = plant(
        {
            "services/events/resources.py": code.format("event_pages"),
            "services/markets/resources.py": code.format("market_pages"),
            ".env.example": "",
        }
    )

    assert settings_out_of_step(tree) == [
        "services/events/resources.py:2: reads EVENT_PAGES, which is not in .env.example",
        "services/markets/resources.py:2: reads MARKET_PAGES, which is not in .env.example",
    ]
