/* Not compiled. Words that libadwaita 1.7 has translated, but asks the application's catalogue for where they
 * stand on the button that closes a dialog: without them here they stay English. */

/* Translators: as GTK and libadwaita say it: what the button at a dialog's top does */
N_("Close")
/* Translators: as GTK and libadwaita say it: what the button at a dialog's top does, read out by screen readers */
N_("Close the window")
