import { expect } from 'chai';
import { describe, it } from 'mocha';
import { readFactPath, readFactPaths, writeFactPaths } from '../../src/filter/fact-path.js';
import { parseExpression, parseFact } from '../../src/index.js';

describe('the path of a fact', () => {
  for (const [text, path] of [
    ['os.family', 'os.family'],
    ['mountpoints./var.size_bytes', 'mountpoints./var.size_bytes'],
    ['mountpoints./.size', 'mountpoints./.size'],
    ['networking.interfaces.eth0:1.ip', 'networking.interfaces.eth0:1.ip'],
    ['processors.models.0', 'processors.models.0'],
    ['"mountpoints./srv/my data.size"', 'mountpoints./srv/my data.size'],
    ["'disks.a=b'", 'disks.a=b'],
    ['"a\\"b"', 'a"b'],
    ['"a,b"', 'a,b'],
  ] as const)
    it(`is the same for ${text} in get_fact, get_facts, -F and -S`, () => {
      expect(readFactPath(text)).to.equal(path);
      expect(readFactPaths(`x, ${text} ,y`)).to.deep.equal(['x', path, 'y']);
      expect(parseFact(`${text}=1`).fact).to.equal(path);
      expect(parseExpression(`${text}=1`)).to.include({ fact: path });
    });

  for (const text of ['', '  ', '"a', "'", '""', '"a"b'])
    it(`is missing in ${JSON.stringify(text)}`, () => {
      expect(() => readFactPath(text))
        .to.throw()
        .with.property('code', 'FILTER_INVALID');
      expect(() => readFactPaths(`a,${text}`))
        .to.throw()
        .with.property('code', 'FILTER_INVALID');
    });

  it('is written so that it is read again', () => {
    const paths = ['os.family', 'mountpoints./var', 'a,b', '"x"', ' y', "it's", 'a"b,c', 'back\\slash,'];
    expect(readFactPaths(writeFactPaths(paths))).to.deep.equal(paths);
  });
});
