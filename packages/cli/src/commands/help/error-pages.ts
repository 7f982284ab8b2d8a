import { type Entry, entryOf, sections } from './explanations/index.js';

/** The columns that every terminal has. */
const width = 80;

/** `mco help errors`: a line for each code. */
export function errorList(): string {
  const all = sections();
  const column = Math.max(...all.flatMap(({ entries }) => entries.map(({ name }) => name.length)));
  const parts = all.map(({ title, entries }) => {
    const lines = entries.map(({ name, explanation }) => `  ${name.padEnd(column)}  ${explanation.summary}`);
    return [`${title}:`, ...lines].join('\n');
  });
  return `${parts.join('\n\n')}\n\nmco help CODE explains an error, its likely causes and what to do.`;
}

/** `mco help CODE`: meaning, likely causes, what to do; undefined if the code does not exist. */
export function errorPage(words: string): string | undefined {
  const entry = entryOf(words);
  return entry && pageOf(entry);
}

function pageOf({ name, explanation: { summary, meaning, causes, actions } }: Entry): string {
  return [
    `${name}: ${summary}`,
    wrapped(meaning, '', ''),
    ['Likely causes:', ...causes.map(item)].join('\n'),
    ['What to do:', ...actions.map(item)].join('\n'),
  ].join('\n\n');
}

function item(text: string): string {
  return wrapped(text, '  - ', '    ');
}

// Marks of code are for the page in docs/.
function wrapped(text: string, first: string, next: string): string {
  const lines: string[] = [];
  let line = first;
  let isEmpty = true;
  for (const word of text.replaceAll('`', '').split(' ')) {
    if (!isEmpty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = next;
      isEmpty = true;
    }
    line += isEmpty ? word : ` ${word}`;
    isEmpty = false;
  }
  return [...lines, line].join('\n');
}
