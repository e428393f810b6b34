"""Each alarm lasts once, whoever raises it; each decision has one verdict of its user."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """End alarms that were raised twice, keep the last verdict, and let neither happen again."""
    op.execute(
        "UPDATE alarms SET until = since WHERE until IS NULL AND number NOT IN "
        "(SELECT MIN(number) FROM alarms WHERE until IS NULL GROUP BY name)"
    )
    op.execute(
        "DELETE FROM judgements WHERE judge = 'user' AND number NOT IN "
        "(SELECT MAX(number) FROM judgements WHERE judge = 'user' GROUP BY decision_id)"
    )
    for name, table, column, where in (
        ("ux_alarms_lasting", "alarms", "name", "until IS NULL"),
        ("ux_judgements_user", "judgements", "decision_id", "judge = 'user'"),
    ):
        only = sa.text(where)
        op.create_index(
            name, table, [column], unique=True, sqlite_where=only, postgresql_where=only
        )


def downgrade() -> None:
    """Allow both again; what was ended or removed stays so."""
    op.drop_index("ux_judgements_user", "judgements")
    op.drop_index("ux_alarms_lasting", "alarms")
