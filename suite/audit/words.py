"""How an auditor reads an act. Every app's acts are words here; none of those apps is known."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FAMILIES: dict[str, str | Promise] = {
    "accounts": _("People and sign-ins"),
    "meetings": _("Meetings"),
    "transcripts": _("Transcripts"),
    "documents": _("Documents"),
    "chat": _("Messages"),
    "files": _("Files"),
    "resources": _("Sharing"),
    "audit": _("Reading of this log"),
}

ACTIONS: dict[str, str | Promise] = {
    "accounts.organization.created": _("created the organisation"),
    "accounts.unit.created": _("created the unit"),
    "accounts.person.provisioned": _("added a person"),
    "accounts.person.deactivated": _("deactivated a person"),
    "accounts.person.reactivated": _("reactivated a person"),
    "accounts.identity.linked": _("signed in for the first time"),
    "accounts.membership.started": _("made a person a member"),
    "accounts.membership.moved": _("moved a person to another unit"),
    "accounts.membership.ended": _("ended a person's membership"),
    "accounts.role.granted": _("gave a role"),
    "accounts.role.revoked": _("took a role away"),
    "accounts.sign_in.succeeded": _("signed in"),
    "accounts.sign_in.refused": _("was refused at sign-in"),
    "accounts.sign_in.ended": _("ended a session"),
    "audit.log.viewed": _("read this log"),
    "audit.context.viewed": _("read a meeting's log"),
    "meetings.meeting.started": _("started the meeting"),
    "meetings.meeting.ended": _("ended the meeting"),
    "meetings.participant.asked": _("asked to enter"),
    "meetings.participant.admitted": _("let someone in"),
    "meetings.participant.refused": _("refused someone at the door"),
    "meetings.participant.joined": _("joined"),
    "meetings.participant.left": _("left"),
    "meetings.participant.removed": _("removed someone"),
    "meetings.participant.muted": _("muted someone"),
    "meetings.participant.renamed": _("changed their name"),
    "meetings.transcription.started": _("started the transcription"),
    "meetings.transcription.stopped": _("stopped the transcription"),
    "meetings.transcription.complete": _("all sound of the transcription was stored"),
    "meetings.consent.given": _("agreed to the transcription"),
    "meetings.consent.declined": _("declined the transcription"),
    "meetings.track.claimed": _("sound is about to be taken"),
    "meetings.track.recording": _("sound began to be taken"),
    "meetings.track.stored": _("sound was stored"),
    "meetings.sound.deleted": _("sound was deleted"),
    "meetings.recording.swept": _("a file that no recording names was deleted"),
    "transcripts.track.queued": _("sound was queued for transcription"),
    "transcripts.chunk.kept": _("a part of the sound was transcribed"),
    "transcripts.track.transcribed": _("sound was transcribed"),
    "transcripts.track.failed": _("sound could not be transcribed"),
    "transcripts.transcript.ready": _("the transcript was made"),
    "transcripts.transcript.listened": _("listened to the sound"),
    "transcripts.transcript.exported": _("exported the transcript"),
    "documents.document.edited": _("edited a document"),
    "chat.channel.read": _("read a channel"),
    "chat.message.posted": _("posted a message"),
    "files.blob.stored": _("stored a file"),
    "files.blob.deleted": _("deleted a file"),
    "files.orphan.swept": _("deleted a file that nothing names"),
    "resources.access.granted": _("gave access"),
    "resources.access.revoked": _("took access away"),
    "resources.link.changed": _("changed whom the link lets in"),
    "resources.favourite.added": _("marked a favourite"),
    "resources.favourite.removed": _("took a favourite’s mark away"),
    "resources.request.asked": _("asked for access"),
    "resources.request.accepted": _("accepted a request for access"),
    "resources.request.declined": _("declined a request for access"),
    "resources.request.read": _("read the answer to a request for access"),
    "resources.invitation.made": _("invited a mail address"),
    "resources.invitation.mailed": _("sent an invitation"),
    "resources.invitation.withdrawn": _("withdrew an invitation"),
    "resources.invitation.accepted": _("accepted an invitation by signing in"),
    "resources.invitation.expired": _("let an invitation expire"),
}

MADE: dict[str, str | Promise] = {
    "created": _("created: %(kind)s"),
    "renamed": _("renamed: %(kind)s"),
    "opened": _("opened: %(kind)s"),
    "discarded": _("put in the trash: %(kind)s"),
    "restored": _("took out of the trash: %(kind)s"),
    "purged": _("deleted for ever: %(kind)s"),
    "erased": _("erased all that was left of: %(kind)s"),
}

KINDS: dict[str, str | Promise] = {
    "document": _("document"),
    "room": _("meeting room"),
    "channel": _("channel"),
    "recording": _("recording"),
    "transcript": _("transcript"),
    "file": _("file"),
    "meeting": _("meeting"),
    "participation": _("participant"),
    "person": _("person"),
    "sign_in": _("session"),
    "organization": _("organisation"),
    "unit": _("unit"),
    "log": _("log"),
}

DETAILS: dict[str, str | Promise] = {
    "reason": _("Reason"),
    "role": _("Role"),
    "roles": _("Roles that ended"),
    "acr": _("Assurance"),
    "amr": _("Means"),
    "purpose": _("Purpose"),
    "principal": _("For whom"),
    "email": _("Mail address"),
    "sessions_ended": _("Sessions ended"),
    "shared_microphone": _("Several people at this microphone"),
    "family": _("Kind of act"),
    "since": _("From"),
    "until": _("Until"),
    "outcome": _("Outcome"),
    "record": _("Record that was opened"),
    "unit_id": _("Unit"),
    "issuer": _("Sign-in service"),
    "principal_id": _("Reference of whom"),
    "participation_id": _("Participant"),
    "devices": _("Devices"),
    "reach": _("Whom the link lets in"),
    "media_type": _("Kind of file"),
    "size": _("Size, in bytes"),
    "turns": _("Turns of speech"),
    "index": _("Part"),
}

# What details say that is a code of ours: roles, whom a link lets in, yes and no.
VALUES: dict[str | bool, str | Promise] = {
    "reader": _("may read"),
    "commenter": _("may comment"),
    "editor": _("may edit"),
    "administrator": _("administers it"),
    "owner": _("owns it"),
    "hr_administrator": _("administers people"),
    "auditor": _("audits"),
    "restricted": _("only the people added"),
    "organization": _("anyone in the organisation"),
    "everyone": _("anyone signed in"),
    True: _("yes"),
    False: _("no"),
}

OUTCOME_WORDS: dict[str, str | Promise] = {"done": _("Done"), "refused": _("Refused")}

ON_ONESELF: dict[str, str | Promise] = {
    "meetings.participant.admitted": _("came in without having to ask"),
}

FINDINGS: dict[str, str | Promise] = {
    "cut_off": _("The tail is cut off: the witness saw record %(sequence)s, the chain ends at %(end)s."),
    "missing": _("Record %(sequence)s is missing from the chain; the next one is %(next)s."),
    "does_not_continue": _("Record %(sequence)s does not continue the chain."),
    "deleted": _("Record %(sequence)s is deleted."),
    "changed": _("Record %(sequence)s is not what was sealed."),
    "not_witnessed": _("Record %(sequence)s is not the one that the witness saw."),
    "witness_changed": _("The witness was changed: %(where)s."),
    "deleted_unsealed": _("Records deleted before they were sealed: %(count)s."),
    "put_in": _("Records that have no seal and do not wait for one: %(count)s."),
    "late": _("Records that have waited over a minute for their seal: %(count)s. Is the outbox dispatcher running?"),
}


def finding_sentence(finding: Mapping[str, int | str]) -> str:
    """What is wrong with the chain, in the active language."""
    return str(FINDINGS[str(finding["code"])]) % finding


def sentence_of(action: str, *, on_oneself: bool = False) -> str:
    """What was done, in the active language; an act that no word is known for shows its code."""
    if on_oneself and action in ON_ONESELF:
        return str(ON_ONESELF[action])
    if action in ACTIONS:
        return str(ACTIONS[action])
    _family, kind, verb = [*action.split("."), "", "", ""][:3]
    if verb in MADE:
        return str(MADE[verb]) % {"kind": KINDS.get(kind, kind)}
    return action
