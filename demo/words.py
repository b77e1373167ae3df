"""Word lists of plants, landscape, colours and household things: nobody's and no firm's name."""

from __future__ import annotations

FIRST_NAMES = [
    "Alder",
    "Aspen",
    "Basil",
    "Birch",
    "Briar",
    "Bryony",
    "Cedar",
    "Clover",
    "Coral",
    "Cypress",
    "Elder",
    "Fennel",
    "Fern",
    "Flax",
    "Flint",
    "Hawthorn",
    "Hazel",
    "Heath",
    "Hyssop",
    "Indigo",
    "Iris",
    "Ivy",
    "Jasper",
    "Juniper",
    "Larch",
    "Laurel",
    "Linden",
    "Lotus",
    "Maple",
    "Marigold",
    "Moss",
    "Myrtle",
    "Oak",
    "Olive",
    "Onyx",
    "Opal",
    "Pearl",
    "Quince",
    "Reed",
    "Rowan",
    "Rue",
    "Sage",
    "Sedge",
    "Slate",
    "Sorrel",
    "Spruce",
    "Thyme",
    "Topaz",
    "Willow",
    "Yarrow",
]
LAST_NAMES = [
    "Anvil",
    "Arbour",
    "Banner",
    "Barley",
    "Beacon",
    "Bellows",
    "Bridge",
    "Brook",
    "Candle",
    "Canyon",
    "Copper",
    "Cove",
    "Crest",
    "Delta",
    "Dune",
    "Ember",
    "Field",
    "Forge",
    "Garden",
    "Glade",
    "Grove",
    "Harbour",
    "Harvest",
    "Hollow",
    "Inlet",
    "Island",
    "Kettle",
    "Lantern",
    "Ledger",
    "Marsh",
    "Meadow",
    "Mill",
    "Orchard",
    "Paddle",
    "Pasture",
    "Pebble",
    "Plateau",
    "Prairie",
    "Quarry",
    "Quill",
    "Ridge",
    "River",
    "Saddle",
    "Shore",
    "Spindle",
    "Summit",
    "Thicket",
    "Timber",
    "Valley",
    "Weaver",
]
COLOURS = [
    "Amber",
    "Azure",
    "Crimson",
    "Cobalt",
    "Ivory",
    "Lilac",
    "Ochre",
    "Scarlet",
    "Teal",
    "Violet",
    "Velvet",
    "Saffron",
    "Russet",
    "Pewter",
    "Plaid",
]
THINGS = [
    "Teapot",
    "Umbrella",
    "Accordion",
    "Thimble",
    "Kite",
    "Whistle",
    "Marmalade",
    "Doorbell",
    "Pudding",
    "Sundial",
    "Bagpipe",
    "Wheelbarrow",
]
TRADES = (
    ("Freight", "Transportation"),
    ("Foods", "Food and Beverage"),
    ("Insurance", "Insurance"),
    ("Machines", "Manufacturing"),
    ("Clinics", "Healthcare"),
    ("Stores", "Retail"),
    ("Energy", "Utilities"),
    ("Studios", "Media"),
)

# Titles by the part their holder plays in buying.
TITLES = {
    "decision_maker": [
        "CEO",
        "CFO",
        "COO",
        "Chief Financial Officer",
        "Managing Director",
        "VP Operations",
        "Vice President Finance",
        "Chief Information Officer",
        "President",
        "Owner",
    ],
    "manager": [
        "Operations Manager",
        "Head of IT",
        "Team Lead",
        "Project Manager",
        "Head of Customer Service",
        "Logistics Manager",
        "Senior Manager Planning",
        "Supervisor Dispatch",
    ],
    "user": [
        "Analyst",
        "Specialist",
        "Coordinator",
        "Business Analyst",
        "Planner",
        "Administrator",
        "Dispatcher",
        "Data Specialist",
        "Engineer",
        "Clerk",
        "Consultant",
    ],
}
# Titles a careless rule gets wrong, and titles that say nothing.
TRAP_TITLES = [
    "Product Coordinator",
    "Director of Engineering",
    "Assistant to the CEO",
    "Chief of Staff",
    "Geschäftsführerin",
    "运营总监",
    "Executive Assistant",
    "Director of Procurement",
    "Sales Engineer",
    "Account Manager",
    "",
    "IT Leiter",
    "Office of the CFO - Analyst",
    "Head Clerk",
    "",
    "Vice Principal",
    "Intern",
]

COUNTRIES = {
    "North America": ["United States", "Canada"],
    "EMEA": ["Germany", "United Kingdom", "France"],
    "APAC": ["Japan", "Australia", "Singapore"],
    "LATAM": ["Brazil", "Mexico"],
}

PRAISE = [
    "Planning runs smoothly since the last release.",
    "Our team relies on it every day.",
    "The support people know what they talk about.",
    "Fast answers and a clear roadmap.",
    "It saves us hours in the weekly plan.",
]
NEUTRAL = [
    "Does the job, could be quicker.",
    "Good tool, reports need work.",
    "Fine overall, onboarding took long.",
    "We use half of it.",
]
COMPLAINT = [
    "Tickets stay open for days.",
    "The export fails again and again.",
    "We pay more and get less.",
    "Nobody came back to us after the outage.",
    "Too many clicks for a simple change.",
    "Invoices are hard to read.",
]
TOPICS = ["login", "export", "billing", "planning_board", "integration", "reporting"]
SUBJECTS = {
    "login": "Cannot sign in",
    "export": "Export stops half way",
    "billing": "Question about an invoice",
    "planning_board": "Planning board is slow",
    "integration": "Sync with the ERP",
    "reporting": "Report shows old figures",
}


def company(number: int) -> tuple[str, str, str]:
    """Name, web domain and industry of company ``number`` (0 to 179), each name used once."""
    thing = THINGS[number % len(THINGS)]
    colour = COLOURS[(number // len(THINGS) + number) % len(COLOURS)]
    trade, industry = TRADES[number % 7 if number % 2 else (number + 3) % 8]
    return f"{colour} {thing} {trade}", f"{colour}-{thing}-{trade}.example".lower(), industry


def comment(mood: float) -> list[str]:
    """Free text that fits a mood from 0 (bad) to 1 (good)."""
    if mood >= 0.8:
        return PRAISE
    return NEUTRAL if mood >= 0.55 else COMPLAINT
