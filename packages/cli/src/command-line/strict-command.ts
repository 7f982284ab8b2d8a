import { isIdentity, suggestion } from '@troupe/core';
import { optionAsValue, usageFault } from '@troupe/core/internal';
import { Command, type ErrorOptions } from 'commander';
import { pathOf } from './json-mode.js';

/** A command that takes no option for the value of another one, and whose errors of use say what may have been meant. */
export class StrictCommand extends Command {
  override createCommand(name?: string): Command {
    return new StrictCommand(name);
  }

  override parseOptions(words: string[]): ReturnType<Command['parseOptions']> {
    const fault = optionAsValue(words, this.options);
    if (fault !== undefined) this.error(fault, { code: 'troupe.optionAsValue' });
    return super.parseOptions(words);
  }

  override error(message: string, options?: ErrorOptions): never {
    if (options?.code === 'commander.excessArguments') super.error(this.#excess(), options);
    if (options?.code === 'commander.unknownOption') super.error(this.#unknown(message), options);
    if (options?.code?.startsWith('commander.missing') || options?.code === 'commander.optionMissingArgument')
      super.error(usageFault(message.replace(/^error: /, ''), `mco ${pathOf(this)} --help`), options);
    super.error(message, options);
  }

  #excess(): string {
    const count = this.registeredArguments.length;
    const extra = this.args.slice(count);
    const takes =
      count === 0 ? 'takes no arguments' : `takes at most ${count} argument${count === 1 ? '' : 's'}`;
    const text = `too many arguments: ${extra.join(' ')}`;
    return `${text} (${this.#selection(extra) ?? `mco ${pathOf(this)} ${takes}`})`;
  }

  // Who types a node or a fact where none belongs wants to select by it.
  #selection(extra: readonly string[]): string | undefined {
    if (!this.#has('--with-identity')) return undefined;
    const fact = extra.find((word) => /^[^\s=!<>~-][^\s=!<>~]*(=|!=|!~|<|>)./.test(word));
    if (fact !== undefined)
      return `to select nodes by a fact: -F ${/[<>!\s]/.test(fact) ? `'${fact}'` : fact}`;
    const names = extra.map((word) => word.toLowerCase());
    if (!names.every(isIdentity)) return undefined;
    return `to select nodes by name: ${names.map((name) => `-I ${name}`).join(' ')}`;
  }

  // Commander suggests --sort for --format.
  #unknown(message: string): string {
    const flag = /'([^']*)'/.exec(message)?.[1] ?? '';
    const text = `unknown option ${flag}`;
    const flags = this.#all().flatMap(({ long, hidden }) => (long && !hidden ? [long] : []));
    if (/^--(format|output|output-format|csv|yaml|table)$/.test(flag) && this.#has('--json')) {
      const forms = ['--json', '--jsonl', '--table', '--senders'].filter((form) => flags.includes(form));
      return `${text}: for another output, use ${forms.join(', ').replace(/, ([^,]*)$/, ' or $1')}`;
    }
    return `${text}${suggestion(flag, flags).replaceAll('"', '')}`;
  }

  #has(flag: string): boolean {
    return this.#all().some(({ long }) => long === flag);
  }

  #all() {
    const all = [...this.options];
    for (let at = this.parent; at; at = at.parent) all.push(...at.options);
    return all;
  }
}
