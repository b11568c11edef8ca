// Who asks: the bearer token's signature and claims are verified once, and remembered until the token expires.
import { createLocalJWKSet, jwtVerify } from 'jose'
import { setting } from './setting.js'

const keys = createLocalJWKSet(setting.jwks)
const demands = { issuer: setting.issuer, audience: setting.audience, algorithms: [setting.algorithm], typ: 'at+jwt' }
const remembered = 10_000
const known = new Map()

// Returns the parameters of the first statement: membership, epoch, session of acting, and the roles.
export async function identify (header) {
  const found = known.get(header)
  if (found !== undefined && found.expires > Date.now()) return found.parameters
  if (!header?.startsWith('Bearer ')) throw new Error('A bearer token is missing.')
  const { payload } = await jwtVerify(header.slice('Bearer '.length), keys, demands)
  const parameters = [payload.membership, payload.epoch, payload.acting ?? null, ...setting.roles]
  if (known.size >= remembered) known.delete(known.keys().next().value)
  known.set(header, { expires: payload.exp * 1000, parameters })
  return parameters
}
