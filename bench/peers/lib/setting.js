// What the benchmark tells each server: database, keys, and the statement that comes first.
import { readFileSync } from 'node:fs'

export const setting = JSON.parse(readFileSync(process.env.BENCH_SETTING, 'utf8'))
export const host = '127.0.0.1'
export const port = Number(process.argv[2])
