"""The one blueprint all pages hang on."""

from flask import Blueprint

web = Blueprint("web", __name__)
