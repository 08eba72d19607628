from django.apps import AppConfig


class SegmentsConfig(AppConfig):
    name = "zhike_crm.segments"
    label = "segments"

    def ready(self) -> None:
        # Models are there only now.
        from zhike_crm.customers import lists
        from zhike_crm.fields.uses import ASKING
        from zhike_crm.segments.actions import take_back_change
        from zhike_crm.segments.bulk import actions_of
        from zhike_crm.segments.clustering_actions import stop_keeping
        from zhike_crm.segments.columns import columns_of
        from zhike_crm.segments.finding import found_in_palette
        from zhike_crm.segments.members import JOINED, LEFT, take_back
        from zhike_crm.segments.rules import ask_about
        from zhike_crm.ui import palette
        from zhike_crm.ui.lists.bulk import UNDOING

        lists.MORE_COLUMNS.append(columns_of)
        lists.MORE_ACTIONS.append(actions_of)
        palette.SOURCES.append(found_in_palette)
        ASKING.append(ask_about)
        UNDOING.update(
            {JOINED: take_back, LEFT: take_back, "segment.changed": take_back_change, "clustering.kept": stop_keeping}
        )
