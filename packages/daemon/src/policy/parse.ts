import {
  emptyFilter,
  type Facts,
  type Filter,
  messageOf,
  parseClass,
  parseExpression,
  parseFact,
  TroupeError,
} from '@troupe/core';
import { compileFilterPattern, splitWords, withoutByteOrderMark } from '@troupe/core/internal';
import { callerName } from './groups.js';
import type { Groups, Policy, Rule } from './policy.js';
import { warningsOf } from './warnings.js';

const mostRules = 10_000;
const longestLine = 16_384;

/** What a policy's words are held against. */
export interface PolicyContext {
  readonly groups: Groups;
  /** The names of callers; a word that is neither a group nor such a name is a fault. */
  readonly callers?: RegExp;
  /** The actions of the agent that the file is for, or of all agents for the default policy, if they are known. */
  readonly actions?: readonly string[];
  /** The facts of this host, if they are known. */
  readonly facts?: Facts;
}

type Invalid = (message: string) => TroupeError;

/** Reads an ActionPolicy file. Throws POLICY_INVALID for the first line that it does not understand, with file and line. */
export function parsePolicy(text: string, file: string, context: PolicyContext): Policy {
  const rules: Rule[] = [];
  const warnings: string[] = [];
  let fallback: Policy['default'] = { allow: false, line: undefined };
  for (const [index, raw] of withoutByteOrderMark(text).split(/\r?\n/).entries()) {
    const line = index + 1;
    const content = raw.trim();
    if (content === '' || content.startsWith('#')) continue;
    const invalid: Invalid = (message) => new TroupeError('POLICY_INVALID', `${file}:${line}: ${message}`);
    if (content.length > longestLine) throw invalid(`the line is longer than ${longestLine} characters`);
    const allow = parseDefault(content, invalid);
    if (allow === undefined) rules.push(parseRule(content, line, context, invalid));
    else {
      if (fallback.line !== undefined && fallback.allow !== allow)
        warnings.push(`${file}:${line}: this default overrides the default in line ${fallback.line}`);
      fallback = { allow, line };
    }
    if (rules.length > mostRules) throw invalid(`the file has more than ${mostRules} lines`);
  }
  return {
    file,
    rules,
    default: fallback,
    warnings: [...warnings, ...warningsOf(file, rules, fallback, context)],
  };
}

function parseDefault(content: string, invalid: Invalid): boolean | undefined {
  const [first, second, third, ...rest] = content.split(/\s+/);
  if (first !== 'policy') return undefined;
  if (second !== 'default' || (third !== 'allow' && third !== 'deny') || rest.length > 0)
    throw invalid('expected "policy default allow" or "policy default deny"');
  return third === 'allow';
}

function parseRule(content: string, line: number, context: PolicyContext, invalid: Invalid): Rule {
  const [verdict = '', callers, actions, facts, classes, ...rest] = content
    .split(/\t+/)
    .map((field) => field.trim());
  if (verdict !== 'allow' && verdict !== 'deny') {
    const [word = ''] = verdict.split(/\s/);
    if (word !== 'allow' && word !== 'deny')
      throw invalid(`a line must begin with allow, deny, policy or #, not with "${word.slice(0, 40)}"`);
    throw invalid(`expected a tab after "${word}", found spaces`);
  }
  if (!callers || !actions || !facts || rest.length > 0) {
    const count = content.split(/\t+/).length;
    throw invalid(
      `${count} fields: expected callers, actions, facts and optionally classes after "${verdict}", separated by tabs`,
    );
  }
  return {
    line,
    text: content.replaceAll(/\t+/g, ' | '),
    allow: verdict === 'allow',
    callers:
      callers === '*'
        ? undefined
        : callers.split(/\s+/).flatMap((word) => parseCaller(word, context, invalid)),
    actions: actions === '*' ? undefined : actions.split(/\s+/).map((word) => parseAction(word, invalid)),
    facts: readAs('facts', invalid, () => parseFacts(facts)),
    classes: readAs('classes', invalid, () => parseClasses(classes ?? '*')),
  };
}

function parseCaller(word: string, { groups, callers }: PolicyContext, invalid: Invalid): readonly string[] {
  const group = groups.get(word);
  if (group) return group;
  if (word === '*') throw invalid('"*" cannot be combined with other names');
  if (word.startsWith('/')) {
    readAs('callers', invalid, () => compileFilterPattern(word));
    return [word];
  }
  const name = callerName(word, invalid);
  // A mistyped group in a "deny" would never match, and so let in whom it was to keep out.
  if (callers && !callers.test(name))
    throw invalid(`"${word}" is neither a group nor a caller name (which must match ${callers})`);
  return [name];
}

function parseAction(word: string, invalid: Invalid): string {
  if (!/^[\w-]+$/.test(word))
    throw invalid(
      `"${word}" is not a valid action name: use letters, digits, "_" and "-", with a blank between two names`,
    );
  return word;
}

function parseFacts(text: string): Filter | undefined {
  if (text === '*') return undefined;
  if (isCompound(text)) return { ...emptyFilter, compound: [parseExpression(text)] };
  return { ...emptyFilter, facts: splitWords(text).map(parseFact) };
}

function parseClasses(text: string): Filter | undefined {
  if (text === '*') return undefined;
  if (isCompound(text)) return { ...emptyFilter, compound: [parseExpression(text)] };
  return { ...emptyFilter, classes: splitWords(text).map(parseClass) };
}

// By its words, and not by what stands within quotes and regular expressions.
function isCompound(text: string): boolean {
  const bare = text.replaceAll(
    /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|(?<=^|[\s(=~!])\/(?:[^/\\]|\\.)+\/i?(?=[\s)]|$)/g,
    '_',
  );
  return /(?:^|\s)(?:and|or|not)(?:\s|$)|!(?![=~])|[()]/i.test(bare);
}

function readAs<T>(field: string, invalid: Invalid, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw invalid(`${field}: ${messageOf(error).replaceAll(/\s*\n\s*/g, ' ')}`);
  }
}
