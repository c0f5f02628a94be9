from __future__ import annotations

import os

import psycopg
import redis


def connect() -> psycopg.Connection:
    return psycopg.connect(os.environ["DATABASE_URL"].replace("/test_", "/"), autocommit=True)


def test_the_database_reads_french(engines: None) -> None:
    with connect() as connection:
        row = connection.execute(
            "SELECT unaccent('Réunion à Besançon'), to_tsvector('french', 'Les réunions étaient prévues')::text"
        ).fetchone()
    assert row == ("Reunion a Besancon", "'le':1 'prévu':4 'réunion':2")


def test_valkey_answers(engines: None) -> None:
    assert redis.Redis.from_url(os.environ["VALKEY_URL"]).ping()
