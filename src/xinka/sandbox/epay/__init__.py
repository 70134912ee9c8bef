"""epay V1 at the sandbox gateway: ``submit.php``, ``mapi.php``, ``api.php`` and notices by GET or POST."""
