import type { DataDdl } from '@troupe/core';
import { wrap } from '@troupe/core/internal';
import { inputLines, outputLines } from './agent-doc.js';
import { aligned } from './record.js';

/** A data plugin's DDL as a page for people. */
export function dataDoc({ metadata, query, output }: DataDdl, width: number): string {
  const { name, description, author, license, version, url, timeout } = metadata;
  const title = `${name} data plugin, version ${version}`;
  const rows = [
    { label: 'Author', value: author },
    { label: 'License', value: license },
    { label: 'URL', value: url },
    { label: 'Timeout', value: `${timeout} s` },
  ];
  const [first = 'OUTPUT'] = Object.keys(output);
  return [
    title,
    '='.repeat(title.length),
    '',
    ...wrap(description, width),
    '',
    ...aligned(rows, width, 3, { isWrapped: true }),
    '',
    `In a filter: -S "${name}(${query ? "'QUERY'" : ''}).${first} = VALUE"`,
    '',
    ...(query ? ['   Query:', ...inputLines(query, width)] : ['   No query.']),
    '',
    '   Outputs:',
    '',
    ...outputLines(Object.entries(output), width),
  ].join('\n');
}
