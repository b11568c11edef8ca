// What PostGraphile takes from Node 22 and Node 20 lacks, so that all peers run on one Node.
Promise.withResolvers ??= function () {
  const made = {}
  made.promise = new this((resolve, reject) => Object.assign(made, { resolve, reject }))
  return made
}
