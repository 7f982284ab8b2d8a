import { writeFileSync } from 'node:fs';
import { createTempFolder, freePort, skip, type TempFolder } from '@troupe/testkit';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { rejection, sendmsg } from '../call.js';
import { makePemFiles, type PemFiles } from '../pem-files.js';
import { CalendarServer, calendarServerMissing } from './calendar-server.js';
import { startSilentServer } from './silent-server.js';

describe('caldav and a real calendar server', function () {
  this.timeout(60_000);
  let folder: TempFolder;
  let pem: PemFiles;
  let password: string;
  let server: CalendarServer;

  before(async function () {
    const missing = calendarServerMissing();
    if (missing) skip(this, missing);
    folder = await createTempFolder();
    pem = await makePemFiles(folder, 'calendar.test');
    password = folder.join('password');
    writeFileSync(password, 'geheim\n', { mode: 0o600 });
    server = await CalendarServer.start(folder.path, 'geheim', pem);
  });
  after(async () => {
    await server?.stop();
    await folder?.close();
  });

  function section(more: Record<string, unknown> = {}, timeout = 30): Record<string, unknown> {
    const calendar = { url: server.url, username: 'ops', password_file: password, ca: pem.ca, ...more };
    return { caldav: { calendars: { alerts: calendar }, timeout } };
  }

  const input = {
    recipient: 'caldav://alerts',
    subject: 'web1; quarantined, 🎭',
    message: 'It failed:\r\nEND:VEVENT\r\nBEGIN:VEVENT\\n \u0000x',
  };

  it('puts one event into the calendar, in which nothing ends early', async () => {
    const before = Date.now();
    const template = { body: '{{message}}' };
    await sendmsg(section({ duration: 600, template }), { ...input, id: 'web1-17' });
    const [event = '', ...others] = server.events;
    expect(others).to.deep.equal([]);
    expect(event.match(/BEGIN:VEVENT/g)).to.have.length(2);
    expect(event.match(/^BEGIN:VEVENT/gm)).to.have.length(1);
    expect(event).to.match(/^SUMMARY:web1\\; quarantined\\, 🎭\r?$/m);
    expect(event).to.match(/^DESCRIPTION:It failed:\\nEND:VEVENT\\nBEGIN:VEVENT\\\\n \ufffdx\r?$/m);
    const at = (name: string) => dateOf(new RegExp(`^${name}:(\\S+)`, 'm').exec(event)?.[1] ?? '');
    expect(at('DTEND') - at('DTSTART')).to.equal(600_000);
    expect(at('DTSTART')).to.be.within(before - 1000, Date.now());
  });

  it('puts the same message in once, and leaves what somebody has made of it', async () => {
    server.edit((event) => event.replace('SUMMARY:', 'SUMMARY:seen by rip: '));
    const output = await sendmsg(section(), { ...input, id: 'web1-17' });
    expect(output.state).to.equal('delivered');
    expect(server.events).to.have.length(1);
    expect(server.events[0]).to.include('SUMMARY:seen by rip: web1');
  });

  it('has a short description: the first line of the message', async () => {
    await sendmsg(section(), { ...input, id: 'short' });
    const descriptions = server.events.map((event) => /^DESCRIPTION:(.*?)\r?$/m.exec(event)?.[1]);
    expect(descriptions).to.include('It failed:');
  });

  it('says that the login was refused, without the password', async () => {
    const wrong = folder.join('wrong');
    writeFileSync(wrong, 'not-the-password', { mode: 0o600 });
    const error = await rejection(sendmsg(section({ password_file: wrong }), input));
    expect(error.message).to.match(/^Calendar "alerts" did not accept the message: HTTP status 401/);
    expect(error.message).to.not.include('not-the-password');
  });

  it('says that there is no such calendar', async () => {
    const url = server.url.replace('alerts', 'nowhere');
    const error = await rejection(sendmsg(section({ url }), input));
    expect(error.message).to.match(/^Calendar "alerts" did not accept the message: HTTP status 4\d\d/);
  });

  it('says nothing to a server whose certificate it cannot verify', async () => {
    const other = await makePemFiles(folder, 'other.test');
    const error = await rejection(sendmsg(section({ ca: other.ca }), input));
    expect(error.message).to.match(/^Cannot connect to calendar "alerts": (self-signed|unable to verify)/);
  });

  it('says that nobody listens', async () => {
    const error = await rejection(sendmsg(section({ url: `https://127.0.0.1:${await freePort()}/` }), input));
    expect(error.message).to.match(/^Cannot connect to calendar "alerts": .*ECONNREFUSED/);
  });

  it('gives up on a server that says nothing, after the configured time', async () => {
    const silent = await startSilentServer();
    try {
      const url = `http://127.0.0.1:${silent.port}/`;
      const error = await rejection(sendmsg(section({ url }, 0.3), input));
      expect(error.message).to.equal('Calendar "alerts" timed out after 0.3 s');
    } finally {
      silent.close();
    }
  });
});

function dateOf(text: string): number {
  return Date.parse(text.replace(/^(....)(..)(..)T(..)(..)(..)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}
