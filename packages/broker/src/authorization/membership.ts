import { compilePattern } from '@troupe/core';

/** Says which nodes belong to a collective; without a list, every node belongs to every collective. Throws CONFIG_INVALID. */
export function membership(
  collectives: Readonly<Record<string, readonly string[]>> | undefined,
): (collective: string, node: string) => boolean {
  if (!collectives) return () => true;
  const members = new Map(
    Object.entries(collectives).map(([collective, nodes]) => [
      collective,
      nodes.map((node) => compilePattern(node, `collectives.${collective}`)),
    ]),
  );
  return (collective, node) => members.get(collective)?.some((pattern) => pattern.test(node)) ?? false;
}
