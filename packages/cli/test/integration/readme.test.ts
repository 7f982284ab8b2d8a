import { readdirSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { createTempFolder, freePort, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, it } from 'mocha';

const at = (path: string) => fileURLToPath(new URL(`../../../../../${path}`, import.meta.url));
const readme = readFileSync(at('README.md'), 'utf8');

/** The texts of the code blocks of a language, without the indentation of a list. */
function blocks(language: string, text: string): readonly string[] {
  return [...text.matchAll(new RegExp(`^( *)\`\`\`${language}\n(.*?)^ *\`\`\`$`, 'gms'))].map(
    ([, indent = '', block = '']) => block.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  );
}

describe('README.md', function () {
  this.timeout(120_000);
  let folder: TempFolder;
  beforeEach(async () => {
    folder = await createTempFolder({ prefix: 'troupe-readme' });
  });
  afterEach(() => folder.close());

  it('has at most 130 lines, and no table wider than a page of a code host', () => {
    const lines = readme.split('\n');
    expect(lines.length).to.be.at.most(131);
    const wide = lines.filter((line) => line.startsWith('|') && line.replaceAll(/\s+\|/g, ' |').length > 130);
    expect(wide).to.deep.equal([]);
  });

  it('shows what the sessions in docs/transcripts show', () => {
    const pages = readdirSync(at('docs/transcripts')).map((name) =>
      readFileSync(at(`docs/transcripts/${name}`), 'utf8'),
    );
    const sessions = pages.flatMap((page) => blocks('console', page));
    for (const block of blocks('console', readme)) {
      const calls = block.split(/^(?=\$ )/m).map((call) => call.trimEnd());
      expect(sessions.map((session) => session.trimEnd())).to.include.members(calls);
    }
  });

  it('starts a first network that answers, with its files and commands as printed', async () => {
    const section = readme.slice(readme.indexOf('## Your first network'), readme.indexOf('## See it do'));
    const port = await freePort();
    for (const text of blocks('yaml', section)) {
      const [, name = ''] = /^# (\S+)$/m.exec(text) ?? [];
      await writeFile(folder.join(name), text.replaceAll('1883', String(port)));
    }
    const start = blocks('sh', section).at(-1)?.replaceAll('npx ', '') ?? '';
    const [, stop = ''] = /`(kill \$\(cat mcod\.pid\))`/.exec(section) ?? [];
    // Programs in the background need a moment; a person who types leaves it to them.
    const typed = start.replace(/^(mco ping)$/m, 'until $1 >ping.txt 2>&1; do sleep 0.2; done; cat ping.txt');
    const { stdout } = await execa('bash', ['-c', `${typed}\n${stop}\nwait %2\nkill %1\nwait %1`], {
      cwd: folder.path,
      timeout: 60_000,
      reject: false,
      stderr: 'ignore',
      extendEnv: false,
      env: { PATH: `${at('node_modules/.bin')}:${process.env.PATH}`, HOME: folder.path },
    });
    expect(stdout).to.match(/^node1\.example\.net +time=/m);
    expect(stdout).to.match(/^ +Fact: kernel$/m);
    expect(stdout).to.include('Inventory for node1.example.net:');
  });
});
