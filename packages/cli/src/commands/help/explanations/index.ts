import type { AnyCode } from '@troupe/core/internal';
import { commandLine } from './command-line.js';
import { connection } from './connection.js';
import { endings } from './endings.js';
import type { Explanation } from './explanation.js';
import { files } from './files.js';
import { nodes } from './nodes.js';
import { trust } from './trust.js';

export type { Explanation } from './explanation.js';

/** Every code of an error. One without an explanation does not compile, nor does an explanation without a code. */
export const explanations: Readonly<Record<AnyCode, Explanation>> = {
  ...commandLine,
  ...files,
  ...connection,
  ...trust,
  ...nodes,
};

/** A part of the list of codes. */
export interface Section {
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** One explanation, with its names. */
export interface Entry {
  /** The error code, or the status that `mco` shows for a node. */
  readonly name: string;
  /** Other names that `mco help` accepts. */
  readonly aliases: readonly string[];
  readonly explanation: Explanation;
}

/** All explanations in the order in which they are listed. */
export function sections(): readonly Section[] {
  return [
    section('The command line', commandLine),
    section('Files and configuration', files),
    section('The connection to the broker', connection),
    section('Certificates, policies and messages', trust),
    section('Nodes, and other errors', nodes),
    {
      title: 'States of nodes',
      entries: endings().map(({ names: [name = '', ...aliases], explanation }) => ({
        name,
        aliases,
        explanation,
      })),
    },
  ];
}

function section(title: string, group: Readonly<Record<string, Explanation>>): Section {
  return {
    title,
    entries: Object.entries(group).map(([name, explanation]) => ({ name, aliases: [], explanation })),
  };
}

/** The explanation for a name: `not_connected`, `[NOT_CONNECTED]`, `no-reply`, `No Reply`. */
export function entryOf(words: string): Entry | undefined {
  const wanted = plainName(words);
  return allEntries().find(({ name, aliases }) =>
    [name, ...aliases].some((one) => plainName(one) === wanted),
  );
}

/** All names, for suggestions. */
export function entryNames(): readonly string[] {
  return allEntries().map(({ name }) => name);
}

/** A name in the form in which names are compared. */
export function plainName(name: string): string {
  return name
    .replace(/^\[|\]$/g, '')
    .toUpperCase()
    .replace(/[\s-]+/g, '_');
}

function allEntries(): readonly Entry[] {
  return sections().flatMap(({ entries }) => entries);
}
