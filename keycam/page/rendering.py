"""From a report's template, which extends `page.html`, to a page that needs no other file and no network."""

from typing import Any


def rendered(package: str, template: str, **values: Any) -> str:
    """The page of a template in a package, as HTML; every value that it names must be given."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

    loader = ChoiceLoader([PackageLoader(package, ""), PackageLoader("keycam", "page")])
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.get_template(template).render(values)
