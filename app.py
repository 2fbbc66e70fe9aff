"""The composition root of the API: the only module that knows every blueprint."""

from chalicelib import wiring
from chalicelib.analyses.routes import routes as analyses
from chalicelib.auth.routes import routes as auth
from chalicelib.conversations.routes import routes as conversations
from chalicelib.core.api import Api
from chalicelib.core.routes import routes as core
from chalicelib.dashboard.routes import routes as dashboard
from chalicelib.jobs.routes import routes as jobs
from chalicelib.notices.routes import routes as notices
from chalicelib.personas.cards.routes import routes as cards
from chalicelib.personas.routes import routes as personas
from chalicelib.social.feed.routes import routes as feed
from chalicelib.social.pairs.routes import routes as pairs
from chalicelib.social.routes import routes as social
from chalicelib.spending.routes import routes as spending
from chalicelib.workers.migrate import handlers as migrate
from chalicelib.workers.persona_generator import handlers as persona_generator
from chalicelib.workers.redrive import handlers as redrive
from chalicelib.workers.rotation import handlers as rotation
from chalicelib.workers.sweeper import handlers as sweeper
from chalicelib.workers.webhooks import handlers as webhook_sender

app = Api(
    "persona-ai",
    blueprints=(
        *(core, auth, spending, jobs, analyses, personas, cards, notices),
        *(conversations, social, pairs, feed, dashboard),
        *(persona_generator, redrive, sweeper, webhook_sender, migrate, rotation),
    ),
    ports=wiring.ports,
)
