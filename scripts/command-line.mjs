import { parseArgs } from 'node:util';

/** The command line is wrong: the message names what, and no stack helps. */
export class WrongUse extends Error {
  name = 'WrongUse';
  exitCode = 2;
}

/** As `parseArgs` of node:util; throws WrongUse. Without options it takes none. */
export function readArguments(config = {}) {
  try {
    return parseArgs(config);
  } catch (error) {
    if (!error.code?.startsWith('ERR_PARSE_ARGS')) throw error;
    // What follows the first sentence explains how to pass words that begin with a dash.
    throw new WrongUse(error.message.split(/\.\s/)[0]);
  }
}

/** The whole number that an option gives; throws WrongUse. */
export function wholeNumber(name, text, least = 1) {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
  throw new WrongUse(`invalid --${name} "${text}": it must be a whole number, at least ${least}`);
}

/** The number above 0 that an option gives; throws WrongUse. */
export function positiveNumber(name, text) {
  const value = Number(text);
  if (/^\d*\.?\d+$/.test(text) && value > 0 && Number.isFinite(value)) return value;
  throw new WrongUse(`invalid --${name} "${text}": it must be a number above 0`);
}

/** The word that an option or argument gives, which must be one of several; throws WrongUse. */
export function oneOf(name, text, choices) {
  if (choices.includes(text)) return text;
  throw new WrongUse(`invalid ${name} "${text}": choose one of ${choices.join(', ')}`);
}

/**
 * What `read` makes of the command line. Where that throws WrongUse, this process ends with code 2 and what is wrong on
 * standard error, with the usage after it.
 */
export function orEnd(program, usage, read) {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WrongUse)) throw error;
    process.stderr.write(`${program}: ${error.message}\n\n${usage.trimEnd()}\n`);
    process.exit(error.exitCode);
  }
}

/** Ends this process as `orEnd` does where a command that takes no arguments was given some. */
export function noArguments(program, usage) {
  const flag = { type: 'boolean', short: 'h' };
  const { values } = orEnd(program, usage, () => readArguments({ options: { help: flag } }));
  if (!values.help) return;
  process.stdout.write(`${usage.trimEnd()}\n`);
  process.exit(0);
}
