import { emptyFilter, type FactCondition, type Filter, isPattern } from '@troupe/core';

/** A filter as PuppetDB can judge it, and what it cannot. */
export interface Pql {
  readonly query: string;
  readonly rest: Filter;
}

/**
 * Writes a filter in PuppetDB's query language. Identities, classes, and facts that are equal to something or match a
 * pattern can be written so that PuppetDB means what Troupe means; all else is left to the nodes.
 */
export function pqlOf(filter: Filter): Pql {
  const isWritten = (condition: FactCondition) => factTerm(condition) !== undefined;
  const terms = [
    ...(filter.identities.length > 0 ? [identityTerm(filter.identities)] : []),
    ...filter.classes.map(classTerm),
    ...filter.facts.flatMap((condition) => factTerm(condition) ?? []),
  ];
  return {
    query: `nodes[certname] { ${['deactivated is null', 'expired is null', ...terms].join(' and ')} }`,
    rest: {
      ...emptyFilter,
      agents: filter.agents,
      facts: filter.facts.filter((condition) => !isWritten(condition)),
      compound: filter.compound,
    },
  };
}

function identityTerm(identities: readonly string[]): string {
  const names = identities.filter((identity) => !isPattern(identity));
  const terms = [
    ...(names.length > 0 ? [`certname in [${names.map(quoted).join(', ')}]`] : []),
    ...identities.filter(isPattern).map((pattern) => `certname ~ ${regex(pattern)}`),
  ];
  return terms.length === 1 ? (terms[0] ?? '') : `(${terms.join(' or ')})`;
}

// Puppet writes classes with capitals in its catalogs, and in lower case in classes.txt.
function classTerm(name: string): string {
  const title = isPattern(name)
    ? `title ~ ${regex(name, true)}`
    : `title = ${quoted(name.replaceAll(/(^|::)[a-z]/g, (start) => start.toUpperCase()))}`;
  return `certname in resources[certname] { type = "Class" and ${title} }`;
}

const plainPath = /^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$/i;

function factTerm({ fact, operator, value }: FactCondition): string | undefined {
  if (!plainPath.test(fact)) return undefined;
  const path = `facts.${fact}`;
  if (operator === '=~') return inInventory(`${path} ~ ${regex(value)}`);
  if (operator !== '==') return undefined;
  // A fact that looks like a number or a truth is one, or a text, as its resolver made it.
  const isTyped = /^(-?\d+(\.\d+)?|true|false)$/.test(value) && String(JSON.parse(value)) === value;
  return inInventory(
    isTyped ? `(${path} = ${value} or ${path} = ${quoted(value)})` : `${path} = ${quoted(value)}`,
  );
}

function inInventory(term: string): string {
  return `certname in inventory[certname] { ${term} }`;
}

// PostgreSQL's regular expressions take the same option in front.
function regex(pattern: string, ignoresCase = false): string {
  const [, source = '', flag] = /^\/(.*)\/(i?)$/s.exec(pattern) ?? [];
  const plain = source.replaceAll('\\/', '/');
  return quoted(flag === 'i' || ignoresCase ? `(?i)${plain}` : plain);
}

function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, (character) => `\\${character}`)}"`;
}
