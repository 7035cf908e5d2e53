"""A catalogue of one's own, in which nothing but its further columns tells who likes what."""

from pathlib import Path

import numpy as np

NUM_CUSTOMERS, NUM_ITEMS, NUM_TASTES = 240, 40, 4
NUM_NEW = 12  # items behind those, which nobody has rated
ITEM_COLUMNS = 'categories = ["studio"]\nnumbers = ["runtime"]\ntext = "plot"\n'
CUSTOMER_COLUMNS = 'categories = ["plan"]\nnumbers = ["income"]\n'
DATASET_TOML = f"""
[movies]
file = "items.csv"
id = "item"
title = "name"
{ITEM_COLUMNS}
[ratings]
file = "ratings.csv"
user = "customer"
movie = "item"
rating = "stars"
min = 1
max = 5

[users]
file = "customers.csv"
id = "customer"
{CUSTOMER_COLUMNS}"""


def taste_of_customer(customer: int) -> int:
    """0 to 3: by the plan, and by whether the income is high."""
    return customer % NUM_TASTES


def taste_of_item(item: int) -> int:
    """0 to 3: whose taste an item meets."""
    return item % NUM_TASTES


def customer_fields(customer: int) -> tuple[str, str]:
    """Plan and income; some of both are unknown, and one plan is too rare to be learnt."""
    taste = taste_of_customer(customer)
    plan = ("Basic", "Family")[taste // 2] if customer % 17 else ("", "Odd")[customer == 17]
    return plan, f"{20 + 60 * (taste % 2) + customer % 13}" if customer % 19 else ""


def item_fields(item: int) -> tuple[str, str, str]:
    """Studio, runtime and plot; the runtime alone tells the taste."""
    studio = "|".join(("Acme", "Bolt", "Rare" if item == 5 else "Core")[: item % 5 % 4])
    runtime = f"{60 + 30 * taste_of_item(item) + item % 7}" if item != 30 else ""
    return studio, runtime, f"It is about {('gold', 'snow', 'fire')[item % 3]}."


def write_shop(
    folder: Path, toml: str = DATASET_TOML, *, num_customers: int = NUM_CUSTOMERS, num_items: int = NUM_ITEMS
) -> None:
    """Everybody rates half of the items: 5 of their own taste, 1 of the others."""
    rng = np.random.default_rng(3)
    pairs = np.argwhere(rng.random((num_customers, num_items)) < 0.5).tolist()
    folder.mkdir(exist_ok=True)
    (folder / "dataset.toml").write_text(toml)
    items = [f"{item},Thing {item},{','.join(item_fields(item))}\n" for item in range(num_items + NUM_NEW)]
    (folder / "items.csv").write_text("item,name,studio,runtime,plot\n" + "".join(items))
    people = [f"{customer},{','.join(customer_fields(customer))}\n" for customer in range(num_customers)]
    (folder / "customers.csv").write_text("customer,plan,income\n" + "".join(people))
    ratings = []
    for customer, item in pairs:
        stars = 5 if taste_of_customer(customer) == taste_of_item(item) else 1
        ratings.append(f"{customer},{item},{stars}\n")
    (folder / "ratings.csv").write_text("customer,item,stars\n" + "".join(ratings))
