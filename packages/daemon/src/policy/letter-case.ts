import { type Expression, type FactCondition, type Facts, lookUpFact } from '@troupe/core';
import type { Rule } from './policy.js';

/** The values of Facter's facts about the system that have capital letters. */
const families = [
  ...['Debian', 'RedHat', 'Suse', 'Archlinux', 'Gentoo', 'Alpine', 'Darwin', 'FreeBSD', 'OpenBSD', 'NetBSD'],
  ...['Solaris', 'AIX', 'Linux', 'Mandrake', 'Slackware', 'Windows'],
];
const systems = [
  ...families,
  ...['Ubuntu', 'Raspbian', 'LinuxMint', 'CentOS', 'Rocky', 'AlmaLinux', 'Fedora', 'OracleLinux', 'Amazon'],
  ...['Scientific', 'CloudLinux', 'SLES', 'SLED', 'OpenSuSE', 'Manjarolinux', 'Devuan'],
];
const known: Readonly<Record<string, readonly string[]>> = {
  kernel: ['Linux', 'Darwin', 'FreeBSD', 'OpenBSD', 'NetBSD', 'SunOS', 'AIX'],
  osfamily: families,
  'os.family': families,
  operatingsystem: systems,
  'os.name': systems,
  'os.distro.id': systems,
  lsbdistid: systems,
};

/** What Go reads as a Boolean value, apart from true and false themselves. */
const otherBooleans = /^(?:t|T|TRUE|True|f|F|FALSE|False)$/;

/**
 * Comparisons of a line that are true in Choria, where letter case and the spelling of Boolean values do not matter, and
 * not here. `facts` are those of this host, if they are known.
 */
export function letterCaseHints(
  { facts: conditions, classes }: Rule,
  facts: Facts | undefined,
): readonly string[] {
  return [conditions, classes].flatMap((filter) =>
    filter
      ? [...filter.facts, ...filter.compound.flatMap(factsIn)].flatMap(
          (condition) => hint(condition, facts) ?? [],
        )
      : [],
  );
}

function factsIn(expression: Expression): readonly FactCondition[] {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return expression.of.flatMap(factsIn);
    case 'not':
      return factsIn(expression.of);
    case 'fact':
      return [expression];
    default:
      return [];
  }
}

function hint({ fact, operator, value }: FactCondition, facts: Facts | undefined): string | undefined {
  if (operator !== '==' && operator !== '!=') return undefined;
  const actual = facts && lookUpFact(facts, fact);
  const written =
    typeof actual === 'string' ? differing([actual], value) : differing(known[fact] ?? [], value);
  const sign = operator === '==' ? '=' : '!=';
  const differs = 'letter case matters here, in Choria it does not';
  if (written !== undefined) {
    const whose = typeof actual === 'string' ? 'on this host' : 'usually';
    return `${fact}${sign}${value}: the fact is ${whose} "${written}", and ${differs}: write ${fact}${sign}${written}`;
  }
  if (!otherBooleans.test(value) || (actual !== undefined && typeof actual !== 'boolean')) return undefined;
  const boolean = /^t/i.test(value);
  return `${fact}${sign}${value}: a Boolean fact equals only "true" or "false" here, in Choria other spellings, too: write ${fact}${sign}${boolean}`;
}

function differing(values: readonly string[], value: string): string | undefined {
  if (values.includes(value)) return undefined;
  return values.find((one) => one.toLowerCase() === value.toLowerCase());
}
