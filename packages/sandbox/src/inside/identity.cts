import type { Bag, Part } from './kit.ts';

/**
 * Questions about the machine and its user, at the native layer below `os`. The module takes these functions when it is
 * first loaded, which is after us.
 */
const installIdentity: Part = (kit) => {
  const { p, runtime } = kit;
  const questions: [string, string][] = [
    ['getHostname', 'os.hostname'],
    ['getUserInfo', 'os.userInfo'],
    ['getInterfaceAddresses', 'os.networkInterfaces'],
    ['getHomeDirectory', 'os.homedir'],
    ['getCPUs', 'os.cpus'],
    ['getTotalMem', 'os.totalmem'],
    ['getUptime', 'os.uptime'],
    ['getLoadAvg', 'os.loadavg'],
  ];
  const os: Bag = runtime.binding('os');
  for (let i = 0; i < questions.length; i++) {
    const [native, api] = questions[i] as [string, string];
    kit.observe(os, native, () => {
      const caller = kit.caller();
      // The runtime asks for itself as well, with nobody else on the stack.
      if (caller !== undefined) kit.call(api, '', { caller, distinct: 1 });
    });
  }
  kit.observe(p.get(runtime.process, 'report') as object, 'getReport', () => kit.call('process.report', ''));
};

module.exports = installIdentity;
