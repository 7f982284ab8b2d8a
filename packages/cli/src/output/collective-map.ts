import { naturalOrder, printable } from '@troupe/core/internal';
/** Collectives and who is in each, as a graph in Graphviz' language DOT. */
export function collectiveMap(members: ReadonlyMap<string, readonly string[]>): string {
  const nodes = [...new Set([...members.values()].flat())].sort(naturalOrder);
  return [
    'graph "collectives" {',
    '  overlap=false;',
    '  splines=true;',
    ...[...members.keys()]
      .sort(naturalOrder)
      .map((name) => `  ${quoted(`collective ${name}`)} [label=${quoted(name)}, shape=box];`),
    ...nodes.map((name) => `  ${quoted(name)};`),
    ...[...members]
      .toSorted(([a], [b]) => naturalOrder(a, b))
      .flatMap(([name, senders]) =>
        senders
          .toSorted(naturalOrder)
          .map((sender) => `  ${quoted(`collective ${name}`)} -- ${quoted(sender)};`),
      ),
    '}',
    '',
  ].join('\n');
}

// Names of collectives come from nodes.
function quoted(text: string): string {
  return JSON.stringify(printable(text));
}
