// What a request brings: its identity, its snapshot and its loaders; and its end, whatever came of it.
import { identify } from './identity.js'
import { Loaders } from './loaders.js'
import { Scope } from './scope.js'

export async function open (authorization) {
  const scope = await Scope.open(await identify(authorization))
  return { scope, loaders: new Loaders(scope) }
}
