import { askedForJson } from '../src/command-line/json-mode.js';
import { run } from '../src/program.js';
import { captured } from './captured.js';
import { checkJson } from './json/schemas.js';

/** What one command line came to, in this process; its JSON is as the reference says. */
export async function mco(...argv: readonly string[]) {
  const { screen, stdout, stderr } = captured();
  const code = await run(argv, screen);
  const ended = { code, stdout: stdout(), stderr: stderr() };
  const { json, jsonl } = askedForJson(argv);
  if (json || jsonl) checkJson(argv, ended.stdout);
  return ended;
}
