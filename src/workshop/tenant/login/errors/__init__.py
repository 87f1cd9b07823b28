"""Entra's errors: one function each, with the exact text, the status and the OAuth error code.

Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes and recorded answers.
"""

from workshop.tenant.login.errors.assertion import *
from workshop.tenant.login.errors.base import *
from workshop.tenant.login.errors.client import *
from workshop.tenant.login.errors.consent import *
from workshop.tenant.login.errors.device import *
from workshop.tenant.login.errors.grant import *
from workshop.tenant.login.errors.on_behalf_of import *
from workshop.tenant.login.errors.policy import *
from workshop.tenant.login.errors.request import *
from workshop.tenant.login.errors.user import *
