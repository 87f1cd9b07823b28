"""Entra's errors: one function each, with the exact text, the status and the OAuth error code.

Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes and recorded answers.
"""

from practice_tenant.server.login.errors.assertion import *
from practice_tenant.server.login.errors.base import *
from practice_tenant.server.login.errors.client import *
from practice_tenant.server.login.errors.consent import *
from practice_tenant.server.login.errors.device import *
from practice_tenant.server.login.errors.grant import *
from practice_tenant.server.login.errors.on_behalf_of import *
from practice_tenant.server.login.errors.policy import *
from practice_tenant.server.login.errors.request import *
from practice_tenant.server.login.errors.user import *
