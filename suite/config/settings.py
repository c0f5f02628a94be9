"""Django's settings, read from the environment that `suite.runtime` or an operator gives."""

from __future__ import annotations

from pathlib import Path

from celery.schedules import crontab
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from suite.config import environment as env

ROOT = env.ROOT
SUITE_MODE = env.mode()
DEMONSTRATION = SUITE_MODE == env.DEMONSTRATION
DEBUG = False

SECRET_KEY = env.get_secret("SECRET_KEY", mode=SUITE_MODE)
ANSWER_SECONDS = env.get_seconds("ANSWER_SECONDS", "30")  # nobody waits longer for a page
PUBLIC_URL = env.get("PUBLIC_URL").rstrip("/")
ALLOWED_HOSTS = env.get_list("ALLOWED_HOSTS", PUBLIC_URL.split("://", 1)[-1].split("/")[0].rsplit(":", 1)[0])
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SECURE = PUBLIC_URL.startswith("https://")
if not SECURE and not DEMONSTRATION:
    raise ImproperlyConfigured("PUBLIC_URL must begin with https:// in production.")

# --- data ---------------------------------------------------------------------------------------------------------
DATABASES = {"default": env.database(env.get("DATABASE_URL"))}
DATABASE_APPLICATION_ROLE = env.get("DATABASE_APPLICATION_ROLE", "suite_app")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
VALKEY_URL = env.get("VALKEY_URL")
VALKEY_PREFIX = env.get("VALKEY_PREFIX", "suite")
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": VALKEY_URL,
        "KEY_PREFIX": VALKEY_PREFIX,
        "OPTIONS": {"socket_connect_timeout": 2, "socket_timeout": 2},
    }
}
VALKEY_HOST = {"address": VALKEY_URL, "socket_connect_timeout": 2, "socket_timeout": 2}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [VALKEY_HOST], "prefix": f"{VALKEY_PREFIX}.channels"},
    }
}
AUDIT_WITNESS_ROOT = Path(env.get("AUDIT_WITNESS_ROOT", str(ROOT / "var" / "witness")))
FILES_ROOT = Path(env.get("FILES_ROOT", str(ROOT / "var" / "files")))

# --- applications -------------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "channels",
    "rest_framework",
    "widget_tweaks",
    "dsfr",
    "django_vite",
    "suite.kernel",
    "suite.audit",
    "suite.accounts",
    "suite.resources",
    "suite.files",
    "suite.documents",
    "suite.chat",
    "suite.meetings",
    "suite.transcripts",
    "suite.config",
]
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["suite.accounts.oidc.backend.StrictBackend"]
LOGIN_URL = "/sign-in/"
MIDDLEWARE = [
    "suite.kernel.http.CorrelationMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "suite.kernel.http.CompressionMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "suite.kernel.zones.TimeZoneMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "suite.accounts.middleware.ViewerMiddleware",
    "suite.kernel.http.ErrorMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "suite.config.urls"
ASGI_APPLICATION = "suite.config.asgi.application"
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [ROOT / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
                "suite.config.pages.shell",
            ]
        },
    }
]

# --- language and time --------------------------------------------------------------------------------------------
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("French")), ("en", _("English"))]
LANGUAGE_COOKIE_NAME = "suite_language"
LOCALE_PATHS = [ROOT / "locale"]
FORMAT_MODULE_PATH = ["suite.config.formats"]
USE_I18N = True
USE_TZ = True
TIME_ZONE = env.get("TIME_ZONE", "Europe/Paris")

# --- static files -------------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATICFILES_DIRS = [path for path in [ROOT / "static" / "dist"] if path.exists()]
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False
WHITENOISE_MAX_AGE = 3600  # the DSFR's files: asked for again after the default minute, they cost a page 0.4 s
WHITENOISE_IMMUTABLE_FILE_TEST = r"^/static/assets/"  # Vite puts a hash of the content into these names
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": {"location": FILES_ROOT}},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
DJANGO_VITE = {
    "default": {
        "dev_mode": False,
        "manifest_path": ROOT / "static" / "dist" / ".vite" / "manifest.json",
        "static_url_prefix": "",
    }
}

# --- security -----------------------------------------------------------------------------------------------------
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = "suite_session"
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "suite_csrf"
CSRF_FAILURE_VIEW = "suite.kernel.http.csrf_failure"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
SECURE_HSTS_SECONDS = 31_536_000 if SECURE else 0
SECURE_SSL_REDIRECT = False
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if env.get("BEHIND_PROXY", "0") == "1" else None
X_FRAME_OPTIONS = "DENY"
DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440  # bytes; of any body (suite/kernel/bodies.py)

# --- media: LiveKit's protocol, ours embedded or a cluster ---------------------------------------------------------
LIVEKIT_URL = env.get("LIVEKIT_URL")
LIVEKIT_API_URL = env.get("LIVEKIT_API_URL")
LIVEKIT_API_KEY = env.get("LIVEKIT_API_KEY")
LIVEKIT_API_SECRET = env.get_secret("LIVEKIT_API_SECRET", mode=SUITE_MODE)
LIVEKIT_WEBHOOK_URLS = env.get_list("LIVEKIT_WEBHOOK_URLS", f"{LIVEKIT_API_URL}/webhooks/livekit/")
RTC_WORKER_SOCKETS = env.get_list("RTC_WORKER_SOCKETS")
RTC_VALKEY_URL = VALKEY_URL if RTC_WORKER_SOCKETS else ""  # rooms outlive their workers there
RTC_VALKEY_PREFIX = f"{VALKEY_PREFIX}.rtc"
RTC_EGRESS_SOCKET = env.get("RTC_EGRESS_SOCKET", "-")
RTC_EGRESS_ROOT = Path(env.get("RTC_EGRESS_ROOT", str(ROOT / "var" / "egress")))
MEDIA_ADDRESS = env.get("MEDIA_ADDRESS", "127.0.0.1")
MEDIA_UDP_PORT = int(env.get("MEDIA_UDP_PORT", "7882"))
MEETING_QUIET_SECONDS = float(env.get("MEETING_QUIET_SECONDS", "120"))  # a meeting that nobody is in ends after that long

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        # The document's editor and the meeting's tiles place things by style attributes: docs/adr/0007.
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": ["'self'", "data:", "blob:"],
        "font-src": ["'self'"],
        "media-src": ["'self'", "blob:"],
        "worker-src": ["'self'", "blob:"],
        "manifest-src": ["'self'"],
        "connect-src": ["'self'", LIVEKIT_URL, LIVEKIT_URL.replace("ws", "http", 1)],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

# --- mail and trash -----------------------------------------------------------------------------------------------
MAIL_HOST = env.get("MAIL_HOST", "")
MAIL_LEAVES = bool(MAIL_HOST) or DEMONSTRATION  # production without a mail server refuses to invite by mail, in a sentence
EMAIL_BACKEND = f"django.core.mail.backends.{'smtp' if MAIL_HOST else 'filebased'}.EmailBackend"
EMAIL_FILE_PATH = env.get("MAIL_ROOT", str(ROOT / "var" / "mail"))
EMAIL_HOST, EMAIL_PORT = MAIL_HOST, int(env.get("MAIL_PORT", "587"))
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = env.get("MAIL_USER", ""), env.get("MAIL_PASSWORD", "")
EMAIL_USE_TLS = env.get("MAIL_TLS", "1") == "1"
EMAIL_TIMEOUT = 10  # seconds
DEFAULT_FROM_EMAIL = env.get("MAIL_FROM", f"Suite <ne-pas-repondre@{ALLOWED_HOSTS[0]}>")
TRASH_DAYS = int(env.get("TRASH_DAYS", "30"))

# --- sign-in: OpenID Connect --------------------------------------------------------------------------------------
OIDC_ISSUER = env.get("OIDC_ISSUER").rstrip("/")
OIDC_RP_CLIENT_ID = env.get("OIDC_CLIENT_ID")
OIDC_RP_CLIENT_SECRET = env.get_secret("OIDC_CLIENT_SECRET", mode=SUITE_MODE)
OIDC_DEMONSTRATION_PROVIDER = env.get("OIDC_DEMONSTRATION_PROVIDER", "0") == "1"
if OIDC_DEMONSTRATION_PROVIDER and not DEMONSTRATION:
    raise ImproperlyConfigured("The demonstration provider lets anybody in as anybody: it does not run in production.")
# The form that signs out is redirected to the provider, whose origin form-action must name.
CONTENT_SECURITY_POLICY["DIRECTIVES"]["form-action"].append("/".join(OIDC_ISSUER.split("/")[:3]))
# ProConnect's levels of assurance; administrators' roles are active only at the strong ones.
OIDC_ACR_STRONG = env.get_list(
    "OIDC_ACR_STRONG",
    "eidas2,eidas3,https://proconnect.gouv.fr/assurance/self-asserted-2fa,https://proconnect.gouv.fr/assurance/consistency-checked-2fa",
)
OIDC_ACR_ACCEPTED = env.get_list(
    "OIDC_ACR_ACCEPTED",
    ",".join(
        [
            "eidas1",
            "https://proconnect.gouv.fr/assurance/self-asserted",
            "https://proconnect.gouv.fr/assurance/consistency-checked",
            *OIDC_ACR_STRONG,
        ]
    ),
)
OIDC_VOUCHES_FOR_MAIL = env.get("OIDC_VOUCHES_FOR_MAIL", "1") == "1"  # ProConnect checks each address
OIDC_CREATES_PEOPLE = env.get("OIDC_CREATES_PEOPLE", "1") == "1"  # strangers of a known organisation become staff

# --- long work ----------------------------------------------------------------------------------------------------
CELERY_BROKER_URL = VALKEY_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 3600,
    "socket_connect_timeout": 2,
    "global_keyprefix": f"{VALKEY_PREFIX}.celery.",
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_ROUTES = {"suite.transcripts.tasks.*": {"queue": "speech"}}
CELERY_BEAT_SCHEDULE = {
    "audit-verify": {"task": "suite.audit.tasks.verify_all", "schedule": crontab(hour=3, minute=17)},
    "trash-empty": {"task": "suite.resources.tasks.empty_trash", "schedule": crontab(hour=4, minute=37)},
    "invitations-mail": {"task": "suite.resources.tasks.mail_invitations", "schedule": 60.0, "options": {"expires": 55}},
    "sound-expire": {"task": "suite.meetings.tasks.sound_expire", "schedule": crontab(minute=23)},
    "files-sweep": {"task": "suite.files.tasks.files_sweep", "schedule": crontab(hour=3, minute=41)},
    "recordings-sweep": {"task": "suite.meetings.tasks.recordings_sweep", "schedule": crontab(hour=3, minute=47)},
    "sessions-forget": {"task": "suite.accounts.tasks.sessions_forget", "schedule": crontab(hour=4, minute=7)},
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

SPEECH = env.get("SPEECH", "1") == "1"
SPEECH_ENGINES = env.speech_engines()
SPEECH_THREADS = int(env.get("SPEECH_THREADS", "1"))
SOUND_RETENTION_DAYS = env.get_days("SOUND_RETENTION_DAYS", "30")  # of a transcription; its text stays
SPEECH_MODELS_ROOT = Path(env.get("SPEECH_MODELS_ROOT", str(ROOT / "var" / "models")))

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["suite.accounts.api.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["suite.accounts.api.authentication.IsSignedIn"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "suite.kernel.api.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "STRICT_JSON": True,
}

LOGGING_CONFIG = "suite.kernel.logs.configure"
LOGGING = {"level": env.get("LOG_LEVEL", "INFO")}
