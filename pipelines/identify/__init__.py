"""Identity of articles: canonical URL, id, content digest, language, revisions and their changes."""
