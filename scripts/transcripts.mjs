// npm run transcripts: runs every command of mco against a real broker and real daemons in a real terminal, and writes
// docs/transcripts. Names of pages as arguments make only these.
import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { oneOf, orEnd, readArguments } from './command-line.mjs';
import { root } from './setup.mjs';
import { id, pages } from './transcripts/pages.mjs';
import { openSite } from './transcripts/site.mjs';
import { stabilizer } from './transcripts/stable.mjs';
import { inTerminal } from './transcripts/terminal.mjs';

const folder = join(root, 'docs/transcripts');
const head =
  'Made by `npm run transcripts` in a real terminal, against a broker with TLS and daemons in processes of their own. Folders,\nports, process and request ids are replaced by others; nothing else is.';

const USAGE = `Usage: npm run transcripts [-- PAGE …]

Makes the pages of docs/transcripts, or these: ${pages.map(({ file }) => file).join(', ')}`;

const wanted = orEnd('transcripts', USAGE, () => {
  const { positionals } = readArguments({ allowPositionals: true });
  const files = pages.map(({ file }) => file);
  return positionals.map((file) => oneOf('PAGE', file, files));
});
const site = await openSite();
try {
  await mkdir(folder, { recursive: true });
  for (const page of pages.filter(({ file }) => wanted.length === 0 || wanted.includes(file))) {
    await writeFile(join(folder, page.file), await written(page));
    process.stdout.write(`docs/transcripts/${page.file}\n`);
  }
  await writeFile(join(folder, 'README.md'), index());
} finally {
  await site.close();
}

async function written({ title, steps }) {
  const stable = stabilizer(site);
  const cwd = join(site.folder, 'home/work');
  const env = {
    PATH: `${join(site.folder, 'bin')}:${process.env.PATH}`,
    HOME: join(site.folder, 'home'),
    NO_COLOR: '1',
    ROOT: root,
    SITE: site.folder,
  };
  const sections = [];
  for (const [text, line, { keys, keep, before } = {}] of steps) {
    if (before !== undefined) execFileSync('bash', ['-c', before], { cwd, env });
    const { text: shown } = await inTerminal(line, { keys, cwd, env });
    if (keep) env.ID = id.exec(shown.slice(shown.lastIndexOf('mco job attach')))?.[0] ?? '';
    const typed = line
      .replaceAll('$ID', env.ID ?? '')
      .replaceAll('$SITE', site.folder)
      .replaceAll('$ROOT', root);
    sections.push(`${text}\n\n\`\`\`console\n${stable(`$ ${typed}\n${shown}`)}\n\`\`\`\n`);
  }
  return `# ${title}\n\n${head}\n\n${sections.join('\n')}`;
}

function index() {
  const lines = pages.map(({ file, title, steps }) => {
    const commands = new Set(
      steps.flatMap(([, line]) => [...line.matchAll(/\bmco ([a-z][a-z-]*)/g)].map(([, name]) => name)),
    );
    return `- [${title}](${file}): ${[...commands].map((name) => `\`${name}\``).join(', ')}`;
  });
  return `# Sessions at a terminal\n\n${head}\n\n${lines.join('\n')}\n`;
}
