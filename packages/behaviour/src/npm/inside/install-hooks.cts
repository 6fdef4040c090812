/**
 * Stands in for npm's own `lib/commands/install.js` inside the sandbox, in the second half of an installation.
 *
 * The first half is the real `npm install --ignore-scripts`; its tree is frozen and shared by all runs. This half runs the
 * life-cycle scripts of the whole tree with npm's own code, as the same command line would have done in one go: real npm
 * extracts every package before the first script starts, too. Scripts see `npm_command=install` and the usual environment.
 * *Source:* `@npmcli/arborist` 9, `rebuild()` as called by `reify()`.
 */
const Rebuild = require('./rebuild.js');

class Install extends Rebuild {
  static name = 'install';
  static description = 'Install a package';

  async exec(this: { npm: { flatOptions: object; prefix: string } }): Promise<void> {
    const Arborist = require('@npmcli/arborist');
    const arborist = new Arborist({ ...this.npm.flatOptions, path: this.npm.prefix });
    await arborist.loadActual();
    await arborist.rebuild({ handleOptionalFailure: true });
  }
}

module.exports = Install;
