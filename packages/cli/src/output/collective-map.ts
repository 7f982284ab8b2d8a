/** Collectives and who is in each, as a graph in Graphviz' language DOT. */
export function collectiveMap(members: ReadonlyMap<string, readonly string[]>): string {
  const nodes = [...new Set([...members.values()].flat())].sort();
  return [
    'graph "collectives" {',
    '  overlap=false;',
    '  splines=true;',
    ...[...members.keys()]
      .sort()
      .map((name) => `  ${quoted(`collective ${name}`)} [label=${quoted(name)}, shape=box];`),
    ...nodes.map((name) => `  ${quoted(name)};`),
    ...[...members]
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .flatMap(([name, senders]) =>
        senders.toSorted().map((sender) => `  ${quoted(`collective ${name}`)} -- ${quoted(sender)};`),
      ),
    '}',
    '',
  ].join('\n');
}

// Names of collectives come from nodes.
function quoted(text: string): string {
  return JSON.stringify(text.replace(/[^\P{Cc}]/gu, '?'));
}
