"""``wirepicket alerts``: what the rules have found."""

from __future__ import annotations

import json

from flows.commands.look import LimitOption
from flows.commands.options import ConfigOption, JsonOption, StoreOption, opened
from flows.tables import alert_block, console
from schemas.export import export_alert
from schemas.serial import to_dict


def alerts(
    limit: LimitOption = 20,
    store: StoreOption = None,
    config: ConfigOption = None,
    as_json: JsonOption = False,
) -> None:
    """The latest alerts, each with the sentence that matched."""
    with opened(store, config) as (opened_store, _):
        opened_store.refresh()
        found = sorted(opened_store.iter_alerts(), key=lambda alert: (alert.matched_at, alert.id), reverse=True)[:limit]
        if as_json:
            for alert in found:
                print(json.dumps(to_dict(export_alert(alert)), ensure_ascii=False))
            return
        articles = opened_store.articles({alert.article_id for alert in found})
        titles = {article_id: article.content.title for article_id, article in articles.items()}
        for alert in found:
            console.print(alert_block(alert, titles))
        if not found:
            console.print("No alert yet.")
