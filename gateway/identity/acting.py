"""The token of a session of acting: given to the member who started it, for as long as it can be used."""

from gateway.identity.tokens import TokenSigner
from resolvers.acting import own_session
from resolvers.errors import UnauthenticatedError
from schema import node_ids
from tenancy.scope import Scope


async def acting_token(signer: TokenSigner, scope: Scope, session: str) -> str:
    """Sign a token for a session, given by its id, of the member whose scope it is; it ends with the session.

    Raises:
        UnauthenticatedError: nobody is signed in, or with a token for acting.
        NotFoundError: there is no such session, it is another's, it is over, or the access behind it is.
    """
    try:
        found = await own_session(scope, node_ids.of_kind(session, "ActingSession"))
    finally:
        await scope.abandon()
    identity = scope.identity
    if identity is None:
        raise UnauthenticatedError
    return signer.sign_acting(
        identity.membership_id,
        identity.epoch,
        session=found.id,
        access=found.access_id,
        organisation=found.child_org_id,
        until=found.expires_at,
    )
