/** What `device-sim --help` prints. */
export const help = `device-sim: simulated Macs, iPhones and iPads for an MDM server

Usage
  device-sim enroll   --url <url> | --profile <file>  --apple <url> [options]
  device-sim run      --apple <url> [options]
  device-sim tell     <what> [key=value …] [--state <folder>] [--json]
  device-sim status   [--state <folder>] [--json]
  device-sim checkout --apple <url> [--serial <serial> …] [options]

Commands
  enroll     Makes up devices and enrols them. Exit code 0 only if all of them are managed then.
  run        Keeps the devices of a state folder online until SIGTERM or SIGINT: they wait for pushes and
             answer commands. Enrolments that were interrupted are finished.
  tell       Tells the process that runs a state folder what happens at its devices: below.
  status     Shows the devices of a state folder, also while another process runs them.
  checkout   Removes the enrolment profile from all devices, or from those named.

Where
  --apple <url>          Device URL of the simulated Apple (apple-sim): push tokens and pushes come from there.
  --apple-ca <file>      PEM to trust there, where that is https.
  --state <folder>       Where devices are kept. One process at a time. Default ./device-sim.
  --ca <file>            PEM certificates to trust beside those in the profile, such as for --url.

Enrolling
  --url <url>            Where each device downloads its enrolment profile, with a challenge of its own.
  --profile <file>       One .mobileconfig for all devices: for challenges that are good more than once.
  --count <n>            How many devices. Default 1.
  --platform <p>         mac, iphone, ipad or mixed. Default mixed.
  --again                Enrols the devices of the folder that are not managed, instead of new ones.
  --stay                 Goes on as run does, once all are enrolled.
  --concurrency <n>      Enrolments at once. Default 8.
  --key-pool <file>      Shares 16 RSA keys from this PEM file (made where it is missing): saves about 0.2 s of a
                         core per device. For load tests only.

Behaviour
  --identity <mode>      profile (as a real device), mtls, or signature. Default profile.
  --connections <n>      Devices that talk to the server at once. Default 64.
  --share-connections    With --identity signature: one pool of connections for all devices.
  --applications <n>     Third-party applications per device. Default 20.
  --user <short name>    Macs also enrol the channel of a user with this account.

Faults, each a chance from 0 to 1 per command
  --not-now <p>  --error <p>  --format-error <p>  --garbage <p>  --cut <p>
  --answer-delay-ms <n>  Wait between carrying out a command and reporting it.
Faults of profiles, by identifier (* stands for any characters; may be given again)
  --resist <identifier>        The user removes such profiles whenever they are there.
  --fail-profile <identifier>  InstallProfile fails for such profiles.
  --resist-declaration <identifier>  Such declarations are switched off whenever they are active.

Telling (by tell, or as lines of JSON on standard input: {"id":1,"do":"rename","serial":"…","name":"…"})
  status              serial               What the device is, has and tells.
  connect             serial [user]        Asks the server for commands now.
  remove-profile      serial identifier [force=true]   A person removes a profile; force: as root.
  install-profile     serial profile       A person installs a profile (base64).
  rename              serial name
  update-os           serial [version build]   To the next minor release, or as given.
  set-fact            serial fact value    name, osVersion, buildVersion, timeZone, isSupervised, availableGb,
                                           batteryLevel, fileVault, firewall, passcode.
  install-application serial identifier [name version]
  remove-application  serial identifier    Only what was installed so.
  drop-declaration    serial identifier    The device loses it, until the server has it compare.
  deactivate-declaration  serial identifier    It is not active any more, until then.
  checkout            serial               A person removes the enrolment profile.
  set-faults          faults               {"notNow":0.1,"resistProfiles":["com.example.*"], …}
  inject-fault        fault [serial requestType commandUuid count]
  serial=* is all devices that are managed.

Output
  --json                 One JSON object per line and event, for programs.
  --help, --version

Examples
  device-sim enroll --url https://mdm.example/mdm/enroll/AbC --apple http://localhost:2198 --count 5 --stay
  device-sim run --apple http://localhost:2198 --not-now 0.1 --json
  device-sim tell remove-profile serial=ZSM0123456 identifier=com.example.wifi
  device-sim enroll --url … --apple … --count 2000 --key-pool keys.pem --identity signature

Exit codes: 0 all done, 1 some devices failed, 2 the command line is wrong.
`;
