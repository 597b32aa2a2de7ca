"""What is said: publications, their issues and items, standing pages, and the archive of them.

1. `ensure_first` makes the publication "Update" where there is none; `find_publication` finds
   the one that is meant.
2. A back catalogue comes in as plain text: `read_listing` (or `parse_listing`, pure) gives a
   `Listing` or names the line that is damaged; `import_listing` brings it in, whole or not at
   all, and again without effect. Every save is kept as a revision.
3. Who makes and sends issues asks `list_issues`, `find_issue`, `issue_by_id`, `issue_titles`:
   these show everything. `set_public` says whether an issue stands in the archive,
   `last_saved_by` who wrote to it last.
4. Who shows the archive to anybody asks `recent_items`, `public_issue`, `public_item`, `pages`
   and `find_page`: what is not public, or for members, does not exist for them.
5. Who writes asks `propose` and begins with `create_issue` or `create_announcement`; changes the
   issue's own fields with `change_issue`, its items with `add_item`, `change_item`, `move_item`,
   `put_in_order`, `remove_item` and `bring_back`. A change says on which version it was typed, and
   is `Saved`, or `Overtaken` by somebody else's: then both texts are shown. `reach` says what a
   change reaches where the issue was mailed.
6. `history`, `compare` and `restore` look through the saves; `find_items` and `reuse` bring an
   earlier item back.
7. `develop` makes a picture fit for letters, and `keep_picture` keeps it by the hash of its bytes;
   `find_picture` gives them back, and `read_logo` reads the organisation's logo in the same way.
8. `with_typed` puts what is on a screen over an issue, to look at it before it is saved. Who
   checks an issue before it is sent asks `earlier_items` and `ask_links`.
9. Staff change a publication (`create_publication`, `change_settings`, `change_look`), the standing
   pages (`create_page`, `edit_page` and what follows) and the letters that greet new subscribers
   (`change_welcome`). Whoever saves over somebody else's work gets `ChangedMeanwhile`, with both
   texts. `welcome_due` says which letter is due to somebody who has just begun to read.
10. `issue_path`, `item_path` and their like say where each thing stands on the site.

Functions take a session; whoever calls owns the transaction.
"""

from typing import TYPE_CHECKING

from mailer.doors import opened_by

if TYPE_CHECKING:
    from mailer.publication.archive import (
        find_page,
        pages,
        public_issue,
        public_item,
        public_publication,
        recent_items,
    )
    from mailer.publication.cadence import Cadence, cadence_in_words, next_date, read_cadence
    from mailer.publication.comparing import Piece, differences
    from mailer.publication.composing import (
        Place,
        Proposal,
        change_issue,
        create_announcement,
        create_issue,
        propose,
        reach,
    )
    from mailer.publication.content import (
        ArchiveItem,
        Issue,
        IssueSummary,
        Item,
        Look,
        Page,
        Picture,
        Publication,
        issue_path,
        item_path,
        page_path,
        picture_path,
        publication_path,
    )
    from mailer.publication.dead_links import ask_links
    from mailer.publication.developing import LARGEST_UPLOAD, Developed, develop
    from mailer.publication.earlier import earlier_items
    from mailer.publication.importing import ImportedListing, import_listing
    from mailer.publication.issues import (
        find_issue,
        issue_by_id,
        issue_titles,
        list_issues,
        set_public,
        version_of,
    )
    from mailer.publication.items import (
        Moved,
        Removed,
        add_item,
        bring_back,
        change_item,
        move_item,
        put_in_order,
        remove_item,
    )
    from mailer.publication.library import (
        LibraryItem,
        Use,
        find_items,
        reuse,
        topics_in_use,
        used_in,
    )
    from mailer.publication.listing import (
        ListedIssue,
        ListedItem,
        ListedPage,
        Listing,
        parse_listing,
        read_listing,
    )
    from mailer.publication.looking_back import (
        Change,
        Difference,
        FieldDifference,
        Revision,
        compare,
        history,
        restore,
    )
    from mailer.publication.meanwhile import ChangedMeanwhile
    from mailer.publication.pictures import (
        KeptPicture,
        Logo,
        find_picture,
        keep_picture,
        logo_path,
        pictures_by_hash,
        read_logo,
        recent_pictures,
    )
    from mailer.publication.revisions import last_saved_by
    from mailer.publication.saving import Overtaken, Saved
    from mailer.publication.series import (
        ensure_first,
        find_publication,
        publication_by_id,
        publications,
    )
    from mailer.publication.settings import (
        Settings,
        change_look,
        change_settings,
        create_publication,
        fault_in_slug,
        faults_in_look,
        faults_in_settings,
        taken_slugs,
    )
    from mailer.publication.standing import (
        PageRevision,
        create_page,
        edit_page,
        move_page,
        page_by_id,
        page_revisions,
        put_back,
        remove_page,
        removed_pages,
    )
    from mailer.publication.texts import LONGEST, WrongFields
    from mailer.publication.typed import Typed, TypedItem, with_typed
    from mailer.publication.welcoming import (
        Welcome,
        change_welcome,
        faults_in_welcome,
        welcome_due,
        welcome_for,
        welcome_in,
        welcomes,
    )

__all__ = [
    "LARGEST_UPLOAD",
    "LONGEST",
    "ArchiveItem",
    "Cadence",
    "Change",
    "ChangedMeanwhile",
    "Developed",
    "Difference",
    "FieldDifference",
    "ImportedListing",
    "Issue",
    "IssueSummary",
    "Item",
    "KeptPicture",
    "LibraryItem",
    "ListedIssue",
    "ListedItem",
    "ListedPage",
    "Listing",
    "Logo",
    "Look",
    "Moved",
    "Overtaken",
    "Page",
    "PageRevision",
    "Picture",
    "Piece",
    "Place",
    "Proposal",
    "Publication",
    "Removed",
    "Revision",
    "Saved",
    "Settings",
    "Typed",
    "TypedItem",
    "Use",
    "Welcome",
    "WrongFields",
    "add_item",
    "ask_links",
    "bring_back",
    "cadence_in_words",
    "change_issue",
    "change_item",
    "change_look",
    "change_settings",
    "change_welcome",
    "compare",
    "create_announcement",
    "create_issue",
    "create_page",
    "create_publication",
    "develop",
    "differences",
    "earlier_items",
    "edit_page",
    "ensure_first",
    "fault_in_slug",
    "faults_in_look",
    "faults_in_settings",
    "faults_in_welcome",
    "find_issue",
    "find_items",
    "find_page",
    "find_picture",
    "find_publication",
    "history",
    "import_listing",
    "issue_by_id",
    "issue_path",
    "issue_titles",
    "item_path",
    "keep_picture",
    "last_saved_by",
    "list_issues",
    "logo_path",
    "move_item",
    "move_page",
    "next_date",
    "page_by_id",
    "page_path",
    "page_revisions",
    "pages",
    "parse_listing",
    "picture_path",
    "pictures_by_hash",
    "propose",
    "public_issue",
    "public_item",
    "public_publication",
    "publication_by_id",
    "publication_path",
    "publications",
    "put_back",
    "put_in_order",
    "reach",
    "read_cadence",
    "read_listing",
    "read_logo",
    "recent_items",
    "recent_pictures",
    "remove_item",
    "remove_page",
    "removed_pages",
    "restore",
    "reuse",
    "set_public",
    "taken_slugs",
    "topics_in_use",
    "used_in",
    "version_of",
    "welcome_due",
    "welcome_for",
    "welcome_in",
    "welcomes",
    "with_typed",
]

__getattr__ = opened_by(__name__, __file__)
