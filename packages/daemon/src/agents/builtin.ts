import { createHash } from 'node:crypto';
import { lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { type DataLookup, type DataResult, lookUpFact } from '@troupe/core';
import type { Node } from '../node/node.js';

/** The data plugins that every node has: MCollective's agent, collective, fact and fstat. */
export function builtinData(node: Pick<Node, 'config' | 'registry' | 'facts'>): Record<string, DataLookup> {
  return {
    agent: (name = '') => agentData(node, name),
    collective: (name = '') => ({ member: node.config.collectives.includes(name) }),
    fact: (path = '') => factData(lookUpFact(node.facts(), path)),
    fstat: (path = '') => fileData(path),
  };
}

function agentData(node: Pick<Node, 'registry'>, name: string): DataResult {
  const loaded = node.registry.get(name);
  if (!loaded) return { agent: name, version: null };
  const { license, timeout, description, url, version, author } = loaded.compiled.ddl.metadata;
  return { agent: name, license, timeout, description, url, version, author };
}

function factData(value: unknown): DataResult {
  if (value === undefined) return { exists: false, value: null, value_encoding: null };
  if (typeof value === 'object')
    return { exists: true, value: JSON.stringify(value), value_encoding: 'application/json' };
  return { exists: true, value: value as string | number | boolean, value_encoding: 'text/plain' };
}

const largestDigest = 16 * 1024 * 1024;

function fileData(path: string): DataResult {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (!stat) return { name: path, output: 'not present', present: 0 };
  const type = stat.isFile()
    ? 'file'
    : stat.isDirectory()
      ? 'directory'
      : stat.isSymbolicLink()
        ? 'symlink'
        : 'other';
  const seconds = (ms: number) => Math.floor(ms / 1000);
  const age = (ms: number) => Math.floor((Date.now() - ms) / 1000);
  return {
    name: path,
    output: 'present',
    present: 1,
    type,
    size: stat.size,
    mode: (stat.mode & 0o7777).toString(8).padStart(4, '0'),
    md5:
      type === 'file' && stat.size <= largestDigest
        ? createHash('md5').update(readFileSync(path)).digest('hex')
        : null,
    target: type === 'symlink' ? readlinkSync(path) : null,
    uid: stat.uid,
    gid: stat.gid,
    mtime: stat.mtime.toISOString(),
    mtime_seconds: seconds(stat.mtimeMs),
    mtime_age: age(stat.mtimeMs),
    ctime: stat.ctime.toISOString(),
    ctime_seconds: seconds(stat.ctimeMs),
    ctime_age: age(stat.ctimeMs),
    atime: stat.atime.toISOString(),
    atime_seconds: seconds(stat.atimeMs),
    atime_age: age(stat.atimeMs),
  };
}
