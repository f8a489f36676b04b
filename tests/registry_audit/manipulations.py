"""What somebody does by SQL, with all the rights that there are: statements, where it has to be found, and as what."""

INTRUDER = "INSERT INTO token (id, name, digest, scopes, holder, makers, expires_at, version, created_at, changed_at) "
BY_SQL: dict[str, tuple[str, str, str]] = {
    "a row changed": ("UPDATE audit SET actor = 'someone else' WHERE seq = 5", "row 5", "altered"),
    "a row's time changed": ("UPDATE audit SET at = {far} WHERE seq = 7", "row 7", "altered"),
    "a row taken out": ("DELETE FROM audit WHERE seq = 6", "row 6", "removed"),
    "rows cut off": (
        "DELETE FROM audit WHERE seq > (SELECT max(seq) FROM audit) - 3",
        "row {last-2}", "removed",
    ),
    "rows cut off, and the ledger put back": (
        "DELETE FROM audit WHERE seq > (SELECT max(seq) FROM audit) - 3;"
        "UPDATE ledger SET audit_seq = (SELECT max(seq) FROM audit),"
        " audit_hash = (SELECT hash FROM audit ORDER BY seq DESC LIMIT 1)",
        "row {last}", "removed: it was the last one once, by",
    ),
    "the ledger's hash changed": ("UPDATE ledger SET audit_hash = {x32}", "row {last}", "altered"),
    "a token put in": (
        INTRUDER + "SELECT 'tok_00000000000000000000000000000000', 'mine', {x32}, scopes, holder, makers, expires_at,"
        " 1, created_at, changed_at FROM token WHERE id = '{token}'",
        "token tok_00000000000000000000000000000000", "was put in",
    ),
    "a token put in under an odd id": (
        INTRUDER + "SELECT 'zzz', 'mine', {x32}, scopes, holder, makers, expires_at,"
        " 1, created_at, changed_at FROM token WHERE id = '{token}'",
        "token zzz", "was put in",
    ),
    "a token's digest changed for one's own": ("UPDATE token SET digest = {x32} WHERE id = '{token}'",
                                               "token {token}", "digest is"),
    "a token's scopes widened": ("UPDATE token SET scopes = '[\"operator\"]' WHERE id = '{token}'",
                                 "token {token}", "scopes is"),
    "a token's life made longer": ("UPDATE token SET expires_at = {far} WHERE id = '{token}'",
                                   "token {token}", "expires_at is"),
    "a revoked token made good": ("UPDATE token SET revoked_at = NULL WHERE id = '{revoked}'",
                                  "token {revoked}", "revoked_at is nothing"),
    "a token given to somebody else": ("UPDATE token SET holder = 'per_9' WHERE id = '{token}'",
                                       "token {token}", "holder is per_9"),
    "a token deleted": ("DELETE FROM token WHERE id = '{token}'", "token {token}", "is gone"),
    "a person's roles widened": ("UPDATE person SET roles = '[\"officer\", \"operator\"]' WHERE id = '{person}'",
                                 "person {person}", "roles is"),
    "a person closed": ("UPDATE person SET closed_at = {far} WHERE id = '{person}'", "person {person}", "closed_at is"),
    "a person renamed": ("UPDATE person SET name = 'Another' WHERE id = '{person}'", "person {person}", "name is"),
    "a registration suspended": (
        "UPDATE registration SET state = 'suspended' WHERE id = '{live}'",
        "registration {live}", "state is suspended, and was active",
    ),
    "a registration suspended as the registry does it": (
        "UPDATE registration SET state = 'suspended', version = version + 1 WHERE id = '{live}';"
        "UPDATE listing SET left_serial = (SELECT serial + 1 FROM ledger) WHERE registration_id = '{live}';"
        "INSERT INTO publication (serial, at, added, removed, count, digest)"
        " SELECT serial + 1, {far}, 0, 1, count - 1, {x32} FROM ledger;"
        "UPDATE ledger SET serial = serial + 1, count = count - 1",
        "registration {live}", "state is suspended",
    ),
    "the same, and who looks at the serial": (
        "UPDATE listing SET left_serial = (SELECT serial + 1 FROM ledger) WHERE registration_id = '{live}';"
        "INSERT INTO publication (serial, at, added, removed, count, digest)"
        " SELECT serial + 1, {far}, 0, 1, count - 1, {x32} FROM ledger;"
        "UPDATE ledger SET serial = serial + 1, count = count - 1",
        "serial 4", "is in no row of the audit",
    ),
    "a registration taken off the list alone": (
        "UPDATE listing SET left_serial = (SELECT serial FROM ledger) WHERE registration_id = '{live}'",
        "registration {live}", "is live, and not on the list",
    ),
    "a suspended one put on the list": (
        "UPDATE listing SET left_serial = NULL WHERE registration_id = '{suspended}'",
        "registration {suspended}", "is not live, and on the list",
    ),
    "a registration's address changed": (
        "UPDATE registration SET prefix = '10.9.9.9' WHERE id = '{live}'", "registration {live}", "prefix is 10.9.9.9",
    ),
    "the address by which it is looked up": (
        "UPDATE registration SET first = {x16} WHERE id = '{live}'",
        "registration {live}", "prefix is 10.1.0.3, kept as",
    ),
    "the address on the list": (
        "UPDATE listing SET first = {x16} WHERE registration_id = '{live}'",
        "registration {live}", "not on the list as",
    ),
    "which protocols are let through": (
        "UPDATE listing SET protocols = 'esp' WHERE registration_id = '{live}'",
        "registration {live}", "not on the list",
    ),
    "when it joined the list": (
        "UPDATE listing SET joined_serial = 2 WHERE registration_id = '{live}'", "serial 1", "had 4 entries",
    ),
    "a registration's end put off": (
        "UPDATE registration SET valid_until = {far} WHERE id = '{live}'", "registration {live}", "valid_until is 2099",
    ),
    "when it last changed": (
        "UPDATE registration SET changed_at = {far} WHERE id = '{suspended}'",
        "registration {suspended}", "changed_at is 2099",
    ),
    "a registration deleted": (
        "DELETE FROM listing WHERE registration_id = '{fourth}'; DELETE FROM registration WHERE id = '{fourth}'",
        "registration {fourth}", "is gone",
    ),
    "a stay on the list deleted": (
        "DELETE FROM listing WHERE registration_id = '{fourth}'",
        "registration {fourth}", "is live, and not on the list",
    ),
    "the serial set back": ("UPDATE ledger SET serial = serial - 1", "ledger", "the serial is 2"),
    "the count changed": ("UPDATE ledger SET count = 0", "ledger", "counts 0 entries, and the list has 3"),
    "another epoch": ("UPDATE ledger SET epoch = {x16}", "ledger", "the serial is 3 of the epoch 0000"),
    "a serial's digest changed": ("UPDATE publication SET digest = {x32} WHERE serial = 2", "serial 2", "by row"),
    "a serial deleted": ("DELETE FROM publication WHERE serial = 2", "serial 2", "is gone, and row"),
    "an application's provider changed": (
        "UPDATE application SET provider_id = NULL WHERE id = '{application}'",
        "application {application}", "provider_id",
    ),
    "an application's entries changed": (
        "UPDATE application_entry SET prefix = '10.8.0.0/16' WHERE application_id = '{application}' AND place = 0",
        "application {application}", "entries is",
    ),
    "who was behind a submission": (
        "UPDATE application SET submitted_behind = '[\"nobody\"]' WHERE id = '{application}'",
        "application {application}", "submitted_behind is",
    ),
    "an intent given another registration": (
        "UPDATE intent_item SET registration_id = '{fourth}' WHERE intent_id = '{waiting}'",
        "intent {waiting}", "registrations is",
    ),
    "an intent closed by its items": (
        "UPDATE intent_item SET is_open = {false} WHERE intent_id = '{waiting}'", "intent {waiting}", "closed",
    ),
    "who proposed an intent": (
        "UPDATE intent SET proposed_by = 'clock' WHERE id = '{waiting}'", "intent {waiting}", "proposed_by is clock",
    ),
    "the policy that was proposed": (
        "UPDATE intent SET"
        " policy = '{{\"ike\"\\: {{\"mode\"\\: \"enforce\", \"share\"\\: 100}}}}' WHERE id = '{policy}'",
        "intent {policy}", "policy is",
    ),
    "a registrant renamed": ("UPDATE registrant SET name = 'Other' WHERE id = '{company}'",
                             "registrant {company}", "name"),
    "a provider given space": (
        "INSERT INTO provider_prefix VALUES ('{provider}', {x16}, 104)", "provider {provider}", "space_sha256 is",
    ),
    "a job in another's name": ("UPDATE job SET owner = 'per_9' WHERE id = '{job}'", "job {job}", "owner is per_9"),
    "a head taken away": ("DELETE FROM audit_head WHERE number = 1", "head 1", "removed"),
    "all heads taken away": ("DELETE FROM audit_head", "head 2", "removed: row"),
    "a head altered": (
        "UPDATE audit_head SET line = replace(line, '\"count\"\\:3', '\"count\"\\:4') WHERE number = 2",
        "head 2", "altered: its signature is not that",
    ),
    "a head replaced by another": (
        "UPDATE audit_head SET line = (SELECT line FROM audit_head WHERE number = 1) WHERE number = 2",
        "head 2", "altered: it is head 1",
    ),
    "a head that is none": ("UPDATE audit_head SET line = 'x' WHERE number = 2", "head 2", "altered: is no JSON"),
    "a row that cannot be read": (
        "UPDATE token SET scopes = '\"no list\"' WHERE id = '{token}'", "token {token}", "scopes is no list",
    ),
}  # fmt: skip
