import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { createTempFolder, freePort, skip, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { execa } from 'execa';
import { afterEach, beforeEach, describe, it } from 'mocha';

const root = fileURLToPath(new URL('../../../../../', import.meta.url));
const guide = readFileSync(`${root}docs/guides/first-agent.md`, 'utf8');

/** A guide as a shell script: its commands, and each of its files under the name that the guide gives. */
function scriptOf(text: string): string {
  const blocks = [...text.matchAll(/(.*?)^```(\w+)\n(.*?)^```$/gms)];
  return blocks
    .map(([, prose = '', language, code = '']) => {
      if (language === 'sh') return code;
      // "`dice.json` is its interface", "`mcod.yaml`, for the daemon:"
      const file = /(?:^|[:.] )`([\w.]+)`(?=[,:]| is )(?!.*^`)/ms.exec(prose)?.[1];
      if (file === undefined) throw new Error(`the guide names no file for: ${code}`);
      return `cat > ${file} <<'END OF FILE'\n${code}END OF FILE\n`;
    })
    .join('\n');
}

/** Replaces what a script cannot do as printed: waits for the daemon instead of sleeping, and links packages instead of downloading them. */
function played(script: string, port: number): string {
  if (!/^npm install .*--save-dev typescript/m.test(script)) throw new Error('no line installs TypeScript');
  const linked = ['typescript', '@types/node']
    .map((name) => `mkdir -p node_modules/@types\nln -s $TROUPE/node_modules/${name} node_modules/${name}\n`)
    .join('');
  return `set -eum
trap 'kill $(jobs -p) 2>/dev/null || true' EXIT
ready=0
ready_again() {
  until [ "$(grep -c '"msg":"ready"' mcod.log)" -gt $ready ]; do sleep 0.1; done
  ready=$((ready + 1))
}
${script}`
    .replaceAll('127.0.0.1:1883', `127.0.0.1:${port}`)
    .replace(
      'npm run setup\nexport PATH=$PWD/node_modules/.bin:$PATH\nexport TROUPE=$PWD\nmkdir ../first\ncd ../first\n',
      '',
    )
    .replace(
      /^mcod .*&$/m,
      '$&\nuntil grep -q "connected to the broker" mcod.log 2>/dev/null; do sleep 0.1; done\nready_again',
    )
    .replaceAll(/^sleep 1$/gm, 'ready_again')
    .replace(
      /^npm install .*--save-dev typescript.*$/m,
      `${linked}mkdir -p node_modules/.bin\nln -s ../typescript/bin/tsc node_modules/.bin/tsc`,
    )
    .replaceAll('npm install', 'npm install --offline --no-audit --no-fund');
}

describe('the guide to a first agent', function () {
  this.timeout(180_000);
  let folder: TempFolder;
  beforeEach(async () => {
    folder = await createTempFolder({ prefix: 'troupe-first' });
  });
  afterEach(() => folder?.close());

  it('works as printed for JavaScript, TypeScript and Python', async function () {
    if ((await execa('python3', ['--version'], { reject: false })).failed)
      skip(this, 'python3 is not installed');
    const [javascript = '', rest = ''] = guide.split('## TypeScript');
    // The commands that the text mentions outside of its code blocks.
    const mentioned = [
      'mco plugin doc dice',
      'mco rpc dice throw times=lots || true',
      'mco rpc dice throw times=101 || true',
    ];
    const script = [scriptOf(javascript), ...mentioned, scriptOf(rest)].join('\n');
    const file = folder.join('guide.sh');
    writeFileSync(file, played(script, await freePort()));
    const { exitCode, all } = await execa('bash', [file], {
      cwd: folder.path,
      env: { TROUPE: root.replace(/\/$/, ''), PATH: `${root}node_modules/.bin:${process.env.PATH}` },
      all: true,
      reject: false,
      stdin: 'ignore',
      timeout: 170_000,
    });
    expect(exitCode, all).to.equal(0);
    expect(all.match(/^ +Sum: \d+$/gm), all).to.have.length(2);
    expect(all)
      .to.include('1 reply')
      .and.include('Throws a die several times')
      .and.include('at most 100 throws per call')
      .and.match(/^ +Lines: \d+$/m)
      .and.include('/nowhere: No such file or directory')
      .and.include('valid: weather: weather\nvalid: dice/dice.js: dice\nvalid: words: words');
    // times=lots fails before it is sent, so that no node is named.
    expect(all).to.match(/^mco: .*times/m);
  });
});
