import { jrubyLibrary } from './installation.js';

/** Arguments of a JVM that runs Puppet Server's code and is quick to start, in little memory. */
export function jvmArguments(options: { heapMegabytes: number; tempFolder: string }): string[] {
  return [
    `-Xms${options.heapMegabytes}m`,
    `-Xmx${options.heapMegabytes}m`,
    // Nothing here runs long enough to repay the second compiler or a parallel collector.
    '-XX:TieredStopAtLevel=1',
    '-XX:+UseSerialGC',
    // No /tmp/hsperfdata_USER, which would stay.
    '-XX:-UsePerfData',
    '-XX:+CrashOnOutOfMemoryError',
    `-XX:ErrorFile=${options.tempFolder}/jvm-error.log`,
    `-Djava.io.tmpdir=${options.tempFolder}`,
    ...['--add-opens', 'java.base/sun.nio.ch=ALL-UNNAMED', '--add-opens', 'java.base/java.io=ALL-UNNAMED'],
    '-Djruby.logger.class=com.puppetlabs.jruby_utils.jruby.Slf4jLogger',
    `-Djruby.lib=${jrubyLibrary}`,
  ];
}
