import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { ActionError } from '../src/index.js';
import { locateModule, resolveFrom, shareOwnCopies } from '../src/modules.js';

describe('modules from elsewhere', () => {
  let folder: string;
  beforeEach(() => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), 'modules-')));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
    return pathToFileURL(join(folder, path)).href;
  };
  const place = (path: string) => pathToFileURL(join(folder, path, 'config.yaml')).href;

  describe('resolveFrom', () => {
    const manifest = (exports: unknown) => JSON.stringify({ name: 'pack', type: 'module', exports });

    it('finds what import finds there, by the exports of the package', () => {
      write('a/node_modules/pack/package.json', manifest({ '.': { require: './r.cjs', import: './i.js' } }));
      const entry = write('a/node_modules/pack/i.js', '');
      expect(resolveFrom('pack', [place('a')])).to.equal(entry);
    });

    it('finds a package in the folders above, and where a link leads', () => {
      write('real/package.json', manifest('./i.js'));
      const entry = write('real/i.js', '');
      mkdirSync(join(folder, 'a/node_modules'), { recursive: true });
      symlinkSync(join(folder, 'real'), join(folder, 'a/node_modules/pack'));
      expect(resolveFrom('pack', [place('a/b/c')])).to.equal(entry);
    });

    it('searches one place after the other, and returns nothing if none has it', () => {
      write('b/node_modules/pack/package.json', manifest('./i.js'));
      const entry = write('b/node_modules/pack/i.js', '');
      expect(resolveFrom('pack', [place('a'), place('b')])).to.equal(entry);
      expect(resolveFrom('pack', [place('a'), place('c')])).to.equal(undefined);
    });

    it('throws if the package does not export the name, without searching further', () => {
      write('a/node_modules/pack/package.json', manifest('./i.js'));
      write('b/node_modules/pack/package.json', manifest({ './sub': './i.js' }));
      write('b/node_modules/pack/i.js', '');
      expect(() => resolveFrom('pack/sub', [place('a'), place('b')])).to.throw("'./sub' is not defined");
    });

    it('does not affect later imports', async () => {
      write('a/node_modules/pack/package.json', manifest('./i.js'));
      write('a/node_modules/pack/i.js', '');
      resolveFrom('pack', [place('a')]);
      const error = await import('pack' as string).catch(({ code }: NodeJS.ErrnoException) => code);
      expect(error).to.equal('ERR_MODULE_NOT_FOUND');
    });
  });

  describe('locateModule', () => {
    const manifest = JSON.stringify({ exports: { '.': './i.js', './extra': './extra.js' } });
    const sight = (entry?: string) => ({
      file: join(folder, 'a/config.yaml'),
      own: place('b'),
      ...(entry === undefined ? {} : { entry }),
    });

    it('takes a path as it is, from the folder of the file that names it', () => {
      const address = (path: string) => pathToFileURL(join(folder, path)).href;
      expect(locateModule('./x.js', sight('extra'))).to.equal(address('a/x.js'));
      expect(locateModule('../x.js', sight())).to.equal(address('x.js'));
      expect(locateModule(join(folder, 'y.js'), sight())).to.equal(address('y.js'));
    });

    it('finds the entry that is wanted of a package, what the program sees last', () => {
      write('b/node_modules/pack/package.json', manifest);
      const [own, extra] = ['i.js', 'extra.js'].map((name) => write(`b/node_modules/pack/${name}`, ''));
      expect(locateModule('pack', sight())).to.equal(own);
      expect(locateModule('pack', sight('extra'))).to.equal(extra);
      write('a/node_modules/pack/package.json', manifest);
      const near = write('a/node_modules/pack/i.js', '');
      expect(locateModule('pack', sight())).to.equal(near);
      expect(locateModule('nowhere', sight())).to.equal(undefined);
    });
  });

  describe('shareOwnCopies', () => {
    it('gives code from outside the classes of this program, with nothing installed beside it', async () => {
      shareOwnCopies(['@troupe/core'], import.meta.url);
      const outside = write(
        'agent.mjs',
        `export { ActionError } from '@troupe/core'; export { readCsr } from '@troupe/core/pki';`,
      );
      const module = (await import(outside)) as Record<string, unknown>;
      expect(module.ActionError).to.equal(ActionError);
      expect(module.readCsr).to.be.a('function');
    });

    it('does so for require, and instead of a copy beside it', () => {
      shareOwnCopies(['@troupe/core'], import.meta.url);
      write('node_modules/@troupe/core/package.json', '{ "exports": "./other.js" }');
      write('node_modules/@troupe/core/other.js', 'exports.ActionError = class {};');
      const outside = createRequire(write('agent.cjs', ''));
      expect((outside('@troupe/core') as Record<string, unknown>).ActionError).to.equal(ActionError);
    });

    it('leaves other packages of the same scope alone', () => {
      shareOwnCopies(['@troupe/core'], import.meta.url);
      write('node_modules/@troupe/core-of-mine/package.json', '{ "exports": "./mine.js" }');
      write('node_modules/@troupe/core-of-mine/mine.js', 'exports.mine = true;');
      const outside = createRequire(write('agent.cjs', ''));
      expect(outside('@troupe/core-of-mine')).to.deep.equal({ mine: true });
    });
  });
});
